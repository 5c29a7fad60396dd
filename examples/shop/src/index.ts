import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startControl } from './control.ts'
import type { Fault } from './faults.ts'
import { BAD_VERSION, GOOD_VERSION } from './faults.ts'
import { startLoad } from './load.ts'

export type { Fault } from './faults.ts'
export { FAULTS, isFault } from './faults.ts'

/** The services, in the order a request meets them. Those that speak OTLP over gRPC; the others use HTTP. */
const SERVICES = ['gateway', 'auth', 'product', 'inventory', 'pricing', 'cart', 'order', 'payment', 'stripe'] as const
const GRPC_SERVICES: ReadonlySet<string> = new Set(['gateway', 'product', 'order', 'payment'])
const STOP_TIMEOUT_MS = 4_000

/** Where the shop sends its telemetry and how busy it is. */
export interface ShopOptions {
  /** For example `http://127.0.0.1:4317`. */
  readonly otlpGrpcEndpoint: string
  /** For example `http://127.0.0.1:4318`. */
  readonly otlpHttpEndpoint: string
  /** Shopper actions a second; each makes about ten spans. */
  readonly ratePerSecond?: number
  readonly fault?: Fault
  /** Told about starts, exits and fault switches. */
  readonly log?: (message: string) => void
}

/** A running shop. */
export interface Shop {
  /** Prometheus targets of the services' /metrics. */
  readonly scrapeTargets: readonly { readonly job: string; readonly address: string }[]
  /** Takes `POST /faults/<name>` and answers `GET /faults`. */
  readonly controlAddress: string
  setFault(fault: Fault): Promise<void>
  close(): Promise<void>
}

/** Starts every service as a process of its own, waits until all serve, then lets the shoppers in. */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { ratePerSecond = 6, fault = 'none', log = () => undefined } = options
  const ports = await freePorts(SERVICES)
  const children = new Map<string, ChildProcess>()
  let current: Fault = 'none'
  let isClosing = false

  async function start(name: string, version: string): Promise<void> {
    const child = fork(fileURLToPath(new URL(`./services/${name}.ts`, import.meta.url)), {
      execArgv: ['--conditions=source', '--import', new URL('./telemetry.ts', import.meta.url).href],
      env: { ...process.env, ...environment(name, version, ports, options), SHOP_FAULT: current },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    children.set(name, child)
    child.once('exit', (code) => {
      if (!isClosing && children.get(name) === child) log(`service ${name} ended with code ${code}`)
    })
    await ready(child, name)
  }

  async function setFault(next: Fault): Promise<void> {
    const before = current
    current = next
    for (const child of children.values()) if (child.connected) child.send({ fault: next })
    if ((next === 'bad-deploy') !== (before === 'bad-deploy'))
      await deploy('pricing', next === 'bad-deploy' ? BAD_VERSION : GOOD_VERSION)
    log(`fault: ${next}`)
  }

  async function deploy(name: string, version: string): Promise<void> {
    const old = children.get(name)
    children.delete(name)
    await stop(old)
    await start(name, version)
    log(`deployed ${name} ${version}`)
  }

  // Two at a time: a laptop's cores, and the SDK takes most of a second of one to load.
  for (let i = 0; i < SERVICES.length; i += 2)
    await Promise.all(SERVICES.slice(i, i + 2).map((name) => start(name, GOOD_VERSION)))
  const load = startLoad({ gatewayPort: ports['gateway']!, ratePerSecond })
  const control = await startControl({ current: () => current, setFault })
  if (fault !== 'none') await setFault(fault)
  return {
    scrapeTargets: SERVICES.map((job) => ({ job, address: `127.0.0.1:${ports[job]}` })),
    controlAddress: control.address,
    setFault,
    close: async () => {
      isClosing = true
      load.close()
      control.close()
      await Promise.all([...children.values()].map(stop))
    },
  }
}

function environment(name: string, version: string, ports: Record<string, number>, options: ShopOptions): Record<string, string> {
  const isGrpc = GRPC_SERVICES.has(name)
  return {
    SHOP_PORTS: JSON.stringify(ports),
    SHOP_VERSION: version,
    OTEL_SERVICE_NAME: name,
    OTEL_RESOURCE_ATTRIBUTES: `service.version=${version},service.namespace=shop,deployment.environment.name=demo`,
    OTEL_EXPORTER_OTLP_PROTOCOL: isGrpc ? 'grpc' : 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: isGrpc ? options.otlpGrpcEndpoint : options.otlpHttpEndpoint,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_METRIC_EXPORT_INTERVAL: '15000',
    OTEL_METRIC_EXPORT_TIMEOUT: '10000',
    OTEL_BSP_SCHEDULE_DELAY: '1000',
    OTEL_BLRP_SCHEDULE_DELAY: '1000',
  }
}

function ready(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`cannot start shop service ${name}: it ended with code ${code}`)))
  })
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(force)
}

async function freePorts(names: readonly string[]): Promise<Record<string, number>> {
  const ports: Record<string, number> = {}
  const servers = names.map((name) => ({ name, server: createServer() }))
  for (const { name, server } of servers) {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address !== null && typeof address === 'object') ports[name] = address.port
  }
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))))
  return ports
}
