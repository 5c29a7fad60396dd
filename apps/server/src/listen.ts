import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { isIPv4 } from 'node:net'
import type { RawHandler } from '@oriel/api'
import type { Telemetry } from '@oriel/model'
import type { Address } from './config-values.ts'
import { ServerError } from './errors.ts'

/** An open listener. */
export interface Listener {
  readonly name: string
  /** HOST:PORT as bound, with the port that was picked for 0. */
  readonly address: string
  readonly port: number
  /** Stops taking connections and resolves when the last request is answered. */
  close(): Promise<void>
}

/** What to listen on, for whom, and the flag that chooses another address. */
export interface ListenOptions {
  readonly name: string
  readonly address: Address
  readonly flag: string
  readonly handler: RawHandler
  readonly telemetry: Telemetry
}

// 128 KiB: a GET may carry a long query and many match[] in its URL; Node's own limit of 16 KiB is too small for it.
const MAX_HEADER_BYTES = 131_072
// 75 s: longer than the usual 60 s of proxies, so that they close idle connections first.
const KEEP_ALIVE_MS = 75_000

/** Opens an HTTP listener. Throws SERVER_PORT_IN_USE and SERVER_CANNOT_LISTEN, naming the flag that chooses another address. */
export async function listenHttp({ name, address, flag, handler, telemetry }: ListenOptions): Promise<Listener> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    Promise.resolve(handler(request, response)).catch((error: unknown) => {
      telemetry.log('error', 'cannot answer request', { url: request.url, error })
      response.destroy()
    })
  })
  await bind(server, address, name, flag)
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  const printed = printAddress({ host: address.host, port })
  logListening(telemetry, name, printed)
  return { name, address: printed, port, close: () => closeServer(server) }
}

/** The one line that every listener logs; scripts rely on its form. */
export function logListening(telemetry: Telemetry, name: string, address: string): void {
  telemetry.log('info', 'Listening on', { name, address })
}

/** HOST:PORT, with brackets around IPv6. */
export function printAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether an address reaches this machine only. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** Says why an address cannot be listened on. */
export function listenError(error: unknown, name: string, address: Address, flag: string): ServerError {
  const printed = printAddress(address)
  const code = error instanceof Error && 'code' in error ? error.code : ''
  const why = error instanceof Error ? error.message : String(error)
  if (code !== 'EADDRINUSE') {
    return new ServerError(
      'SERVER_CANNOT_LISTEN',
      `cannot listen on ${printed} (${name}): ${why}. Choose an address with ${flag}`,
      {
        cause: error,
      },
    )
  }
  const fix = `Stop the program that has it, or choose another address with ${flag} HOST:PORT (port 0 picks a free one)`
  return new ServerError('SERVER_PORT_IN_USE', `cannot listen on ${printed} (${name}): port ${address.port} is in use. ${fix}`, {
    cause: error,
  })
}

function bind(server: Server, address: Address, name: string, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(listenError(error, name, address, flag))
    server.once('error', fail)
    server.listen(address.port, address.host, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
