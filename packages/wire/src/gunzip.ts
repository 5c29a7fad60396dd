// gzip, again and again. A hot path (bench/HOTPATHS.md): every scrape of a target that compresses.
//
// zlib's state is 40 KiB, and `gunzipSync` makes it, and memory for the answer, for each body: half as much work again as a body of 40 KB
// is (29 to 45 microseconds, 2026-11). Node has no public way to use it again without a stream and its threads, so its own object is
// used; where that is not as expected, `gunzipSync` does it.

import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib'
import { WireError } from './errors.ts'

/**
 * Undoes gzip, into memory that is used again: what is returned is good until the next call.
 *
 * Throws `WireError` WIRE_TOO_LARGE above `maxBytes`, WIRE_BAD_COMPRESSION for what is no gzip or not whole.
 */
export function gunzip(body: Uint8Array, maxBytes: number): Uint8Array {
  state ??= openState()
  return state === 'none' ? gunzipAnew(body, maxBytes) : gunzipWith(state, body, maxBytes)
}

function gunzipWith({ handle, left }: ZlibState, body: Uint8Array, maxBytes: number): Uint8Array {
  let failure = ''
  handle.onerror = (message) => {
    failure = message
  }
  handle.reset()
  if (output.length > MAX_KEPT_BYTES) output = new Uint8Array(MAX_KEPT_BYTES)
  let [from, length] = [0, 0]
  for (;;) {
    handle.writeSync(constants.Z_FINISH, body, from, body.length - from, output, length, output.length - length)
    if (failure !== '') throw badGzip(failure)
    length = output.length - left[0]!
    if (length > maxBytes) throw tooLarge(maxBytes)
    // Room is left when all is there.
    if (left[0]! > 0) return output.subarray(0, length)
    from = body.length - left[1]!
    const larger = new Uint8Array(Math.min(2 * output.length, maxBytes + 1))
    larger.set(output)
    output = larger
  }
}

/** zlib's state as Node holds it, and what it says after each step: room that is left in the output, bytes that are left of the input. */
interface ZlibState {
  readonly handle: ZlibHandle
  readonly left: Uint32Array
}

interface ZlibHandle {
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputLength: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number,
  ): void
  onerror: (message: string) => void
}

// 128 KiB: most answers of targets.
let output = new Uint8Array(131_072)
// 4 MiB: what is kept for the next body.
const MAX_KEPT_BYTES = 4 * 2 ** 20
let state: ZlibState | 'none' | undefined

/** Opens zlib as this Node has it, and tries it; 'none' where it does not do what is expected. */
function openState(): ZlibState | 'none' {
  const stream: object = createGunzip()
  const handle: unknown = Reflect.get(stream, '_handle')
  const left: unknown = Reflect.get(stream, '_writeState')
  if (!isHandle(handle) || !(left instanceof Uint32Array) || left.length !== 2) return 'none'
  try {
    const opened = { handle, left }
    const isRight = ['first', 'second'].every((text) => Buffer.from(gunzipWith(opened, gzipSync(text), 99)).toString() === text)
    return isRight ? opened : 'none'
  } catch {
    return 'none'
  }
}

function isHandle(handle: unknown): handle is ZlibHandle {
  if (typeof handle !== 'object' || handle === null || !('onerror' in handle)) return false
  return ['reset', 'writeSync'].every((name) => typeof Reflect.get(handle, name) === 'function')
}

function gunzipAnew(body: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes)
    throw badGzip(error instanceof Error ? error.message : String(error))
  }
}

function badGzip(reason: string): WireError {
  return new WireError('WIRE_BAD_COMPRESSION', `cannot decompress body: not gzip, ${reason}`)
}

function tooLarge(maxBytes: number): WireError {
  return new WireError('WIRE_TOO_LARGE', `cannot accept body: over ${maxBytes} bytes once gzip is undone`)
}
