import { get } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IngestError } from '../errors.ts'
import { AnswerReader, UnusualAnswer } from './answer.ts'

interface Read {
  readonly status: number
  readonly contentType: string
  readonly contentEncoding: string
  readonly isReusable: boolean
  readonly body: string
}

/** What is read of an answer that comes in `pieces`, `undefined` where it is not whole at the end of the connection. */
function read(pieces: readonly Buffer[], maxBytes = 100_000, reader = new AnswerReader(maxBytes)): Read | undefined {
  // Bytes may be changed, and are used again, as those of a socket.
  const shared = Buffer.alloc(70_000)
  let isWhole = false
  for (const piece of pieces) {
    if (isWhole) break
    piece.copy(shared)
    isWhole = reader.add(shared.subarray(0, piece.length))
  }
  isWhole ||= reader.end()
  const { status, contentType, contentEncoding, isReusable } = reader
  const found = isWhole ? { status, contentType, contentEncoding, isReusable, body: reader.body.toString('latin1') } : undefined
  reader.clear()
  return found
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end)).filter(({ length }) => length > 0)
}

function chunked(body: string, sizes: readonly number[]): string {
  let text = ''
  for (let at = 0, i = 0; at < body.length; i++) {
    const chunk = body.slice(at, at + sizes[i % sizes.length]!)
    text += `${chunk.length.toString(16)}${i % 3 === 1 ? ';x="y"' : ''}\r\n${chunk}\r\n`
    at += chunk.length
  }
  return `${text}0\r\n${body.length % 2 === 0 ? '' : 'x-trailer: 1\r\n'}\r\n`
}

const answers = fc
  .record({
    body: fc.string({ unit: fc.constantFrom('a', '\n', '\r', '1', '{'), maxLength: 3_000 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    sizes: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }),
    version: fc.constantFrom('1.0', '1.1'),
    connection: fc.constantFrom('', 'close', 'keep-alive', 'Keep-Alive, x'),
    isUpper: fc.boolean(),
  })
  .map((model) => {
    const { body, framing, sizes, version, connection, isUpper } = model
    const headers = [
      'Date: now',
      'content-type: text/plain; version=0.0.4 ',
      ...(framing === 'length' ? [`content-length: ${body.length}`] : []),
      ...(framing === 'chunked' ? ['transfer-encoding: chunked'] : []),
      ...(connection === '' ? [] : [`connection:${connection}`]),
    ].map((header) => (isUpper ? header.replace(/^[^:]*/, (name) => name.toUpperCase()) : header))
    const text = `HTTP/${version} 200 OK\r\n${headers.join('\r\n')}\r\n\r\n${framing === 'chunked' ? chunked(body, sizes) : body}`
    return { ...model, bytes: Buffer.from(text, 'latin1') }
  })

test('an answer is read alike however it is framed and cut', () => {
  const reader = new AnswerReader(100_000)
  fc.assert(
    fc.property(answers, fc.array(fc.nat(), { maxLength: 8 }), (answer, cuts) => {
      const isKept = answer.connection === '' ? answer.version === '1.1' : answer.connection !== 'close'
      expect(read(split(answer.bytes, cuts), 0, reader)).toEqual({
        status: 200,
        contentType: 'text/plain; version=0.0.4',
        contentEncoding: '',
        isReusable: answer.framing !== 'close' && isKept,
        body: answer.body,
      })
    }),
    { numRuns: 2_000 },
  )
})

test('an answer that is cut short is not whole', () => {
  fc.assert(
    fc.property(answers, fc.nat(), (answer, cut) => {
      if (answer.framing === 'close') return
      expect(read([answer.bytes.subarray(0, cut % answer.bytes.length)])).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

const damages = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...Array.from('\r\n: 0aF;\0,\t'), '\r\n', '', '\r\n\r\n')), {
  minLength: 1,
  maxLength: 4,
})

/** Damages mostly the head: the rest is just bytes. */
function damage(bytes: Buffer, edits: readonly (readonly [number, string])[]): Buffer {
  let text = bytes.toString('latin1')
  for (const [place, edit] of edits) {
    const at = place % Math.min(text.length, 300)
    text = text.slice(0, at) + edit + text.slice(at + 1)
  }
  return Buffer.from(text, 'latin1')
}

test('what is damaged is refused, incomplete or read, and nothing else', () => {
  fc.assert(
    fc.property(answers, damages, fc.array(fc.nat(), { maxLength: 4 }), (answer, edits, cuts) => {
      try {
        read(split(damage(answer.bytes, edits), cuts))
      } catch (error) {
        if (!(error instanceof UnusualAnswer)) expect(error).toBeInstanceOf(IngestError)
      }
    }),
    { numRuns: 5_000 },
  )
})

test("what is damaged is not read otherwise than by Node's parser", async () => {
  let bytes: Uint8Array = Buffer.alloc(0)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const byNode = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const request = get({ port, host: '127.0.0.1', agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', () => resolve(undefined))
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString('latin1')
          resolve(`${response.statusCode} ${response.headers['content-type'] ?? ''} ${response.statusCode === 200 ? body : ''}`)
        })
      })
      request.on('error', () => resolve(undefined))
    })
  let agreed = 0
  try {
    await fc.assert(
      fc.asyncProperty(answers, damages, async (answer, edits) => {
        const damaged = damage(answer.bytes, edits)
        bytes = damaged
        let own: Read | undefined
        try {
          own = read([damaged])
        } catch {
          return
        }
        const other = await byNode()
        if (own === undefined || other === undefined) return
        agreed++
        expect(`${own.status} ${own.contentType} ${own.body}`).toBe(other)
      }),
      { numRuns: 1_000 },
    )
  } finally {
    server.close()
  }
  expect(agreed).toBeGreaterThan(50)
})

test('endless frames and trailers take no room, and endless bodies and heads end', () => {
  const reader = new AnswerReader(1_000)
  reader.add(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'))
  for (let i = 0; i < 1_000; i++) reader.add(Buffer.from('1\r\na\r\n'))
  expect(reader.body.length).toBe(1_000)
  expect(() => reader.add(Buffer.from('1\r\na\r\n'))).toThrow(/body size limit exceeded: more than 1000 bytes/)
  reader.clear()
  reader.add(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n'))
  for (let i = 0; i < 1_000; i++) expect(reader.add(Buffer.from('x: y\r\n'))).toBe(false)
  expect(reader.add(Buffer.from('\r\n'))).toBe(true)
  reader.clear()
  expect(() => reader.add(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'))).toThrow(/body size limit/)
  reader.clear()
  const flood = (text: string): void => {
    reader.add(Buffer.from('HTTP/1.1 200 OK\r\n'))
    for (let i = 0; i < 100; i++) reader.add(Buffer.from(text.repeat(1_000)))
  }
  expect(() => flood('a')).toThrow(UnusualAnswer)
  reader.clear()
  expect(() => flood('a: b\r\n')).toThrow(UnusualAnswer)
})

test('what counts on another way of reading is unusual', () => {
  const check = (head: string): void => expect(() => read([Buffer.from(`${head}\r\n\r\nx`)]), head).toThrow(UnusualAnswer)
  check('HTTP/1.1 100 Continue')
  check('HTTP/1.1 302 Found\r\nlocation: /')
  check('HTTP/2 200 OK')
  check('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1')
  check('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked')
  check('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked')
  check('HTTP/1.1 200 OK\r\ncontent-length: -1')
  check('HTTP/1.1 200 OK\r\nbad header: 1')
  check('HTTP/1.1 200 OK\r\na: b\r\n folded: 1')
  check('HTTP/1.1 200 OK\r\na: b\nc: d')
})

test('a failing target is not listened to any longer than its head', () => {
  expect(read([Buffer.from('HTTP/1.1 503 Away\r\ncontent-length: 100000000\r\n\r\nsorry')])).toMatchObject({
    status: 503,
    isReusable: false,
    body: '',
  })
})
