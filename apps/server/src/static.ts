import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { API_BASES } from '@oriel/contract'

/** Serves a path of the page; answers false for what is not the page's to answer. */
export type StaticHandler = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.map': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/**
 * Makes the handler of the built page. Hashed files under /assets never change and are kept for a year; everything else is asked
 * for each time. A path without file and without extension is a place within the page: it gets index.html.
 */
export function makeStaticHandler(dir: string): StaticHandler {
  return async (request, response, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const file = safeFile(dir, path)
    if (file !== undefined && path !== '/' && (await isFile(file))) {
      await sendFile(request, response, file, path.startsWith('/assets/'))
      return true
    }
    if (path === '/' && !wantsPage(request)) {
      sendGreeting(response)
      return true
    }
    if (extname(path) !== '' || !wantsPage(request)) return false
    const index = join(dir, 'index.html')
    if (await isFile(index)) await sendFile(request, response, index, false)
    else sendNoPage(response)
    return true
  }
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string, isImmutable: boolean): Promise<void> {
  const { path, encoding } = await bestFile(file, String(request.headers['accept-encoding'] ?? ''))
  const { size, mtimeMs } = await stat(path)
  const etag = `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
  response.setHeader('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('vary', 'accept-encoding')
  response.setHeader('etag', etag)
  response.setHeader('x-content-type-options', 'nosniff')
  if (encoding !== undefined) response.setHeader('content-encoding', encoding)
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end()
    return
  }
  response.setHeader('content-length', size)
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(createReadStream(path), response).catch(() => response.destroy())
}

/** The smallest form of a file that was made beforehand and that the client takes. */
async function bestFile(file: string, accepted: string): Promise<{ path: string; encoding?: string }> {
  for (const [encoding, suffix] of ENCODINGS) {
    if (accepted.includes(encoding) && (await isFile(file + suffix))) return { path: file + suffix, encoding }
  }
  return { path: file }
}

/** A path below `dir`, or nothing when it would lead out of it. */
function safeFile(dir: string, path: string): string | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return undefined
  }
  if (decoded.includes('\0')) return undefined
  const file = normalize(join(dir, decoded))
  return file.startsWith(normalize(`${dir}/`)) ? file : undefined
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function wantsPage({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').includes('text/html')
}

/** What a program that asks for the root gets: enough to see who answers, for probes and for people with curl. */
function sendGreeting(response: ServerResponse): void {
  const body = JSON.stringify({ name: 'oriel', page: '/', ready: '/-/ready', apis: API_BASES })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function sendNoPage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  response.end(
    '<!doctype html><title>Oriel</title><p>The page is not built. Run <code>npm install</code> in the repository. The APIs work.',
  )
}

/** Where the page is when nothing else is said: built beside this program in the repository. */
export function findWebDir(): string {
  return fileURLToPath(new URL('../../web/dist', import.meta.url))
}

/** The version that the manifest of this program names. */
export async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const version: unknown = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return typeof version === 'string' ? version : ''
}
