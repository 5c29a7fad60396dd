import { StoreError } from '@oriel/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { BatchLimits, BlockKind } from './batch.ts'
import { CommitQueue, DEFAULT_BATCH_LIMITS } from './batch.ts'

interface Words {
  readonly tenant: string
  readonly words: string[]
}

/** A writer whose commits the test ends one by one. */
class Engine implements BlockKind<Words> {
  readonly signal = 'logs' as const
  readonly commits: { readonly words: string[]; readonly done: PromiseWithResolvers<void> }[] = []
  readonly settledWith: [string, boolean][] = []
  made = 0
  isUp = true

  make(tenant: string): Words {
    this.made++
    return { tenant, words: [] }
  }
  rows = (block: Words): number => block.words.length
  bytes = (block: Words): number => block.words.reduce((sum, word) => sum + word.length, 0)
  checkpoint(block: Words): () => void {
    const length = block.words.length
    return () => {
      block.words.length = length
    }
  }
  settled(block: Words, isStored: boolean): void {
    this.settledWith.push([block.words.join(), isStored])
  }
  reset(block: Words): void {
    block.words.length = 0
  }
  write(blocks: readonly Words[]): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.commits.push({ words: blocks.map(({ tenant, words }) => `${tenant}:${words.join()}`), done })
    return done.promise
  }
  async recover(): Promise<void> {
    if (!this.isUp) throw new StoreError('STORE_UNAVAILABLE', 'cannot ask')
  }
}

let engine: Engine

beforeEach(() => {
  vi.useFakeTimers()
  engine = new Engine()
})
afterEach(() => {
  vi.useRealTimers()
})

function open(limits: Partial<BatchLimits> = {}): CommitQueue<Words> {
  return new CommitQueue(engine, { limits: { ...DEFAULT_BATCH_LIMITS, ...limits } })
}

function add(queue: CommitQueue<Words>, word: string, tenant = 'a'): Promise<string> {
  return queue.append(tenant, (block) => {
    block.words.push(word)
    return word
  })
}

/** How a promise stands now, without waiting for it. */
async function state(promise: Promise<unknown>): Promise<string> {
  const settled = promise.then(
    (value) => `ok ${String(value)}`,
    (error: unknown) => (error instanceof Error ? `failed ${'code' in error ? String(error.code) : error.message}` : 'failed'),
  )
  return Promise.race([settled, vi.advanceTimersByTimeAsync(0).then(() => 'waiting')])
}

test('requests within the minimum wait share one commit, tenants included', async () => {
  const queue = open()
  const all = Promise.all([add(queue, 'x'), add(queue, 'y'), add(queue, 'z', 'b')])
  await vi.advanceTimersByTimeAsync(19)
  expect(engine.commits).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(engine.commits.map(({ words }) => words)).toEqual([['a:x,y', 'b:z']])
  expect(await state(all)).toBe('waiting')
  engine.commits[0]!.done.resolve()
  expect(await all).toEqual(['x', 'y', 'z'])
})

test('one commit runs at a time; what arrives meanwhile makes the next', async () => {
  const queue = open()
  const first = add(queue, 'x')
  await vi.advanceTimersByTimeAsync(20)
  const second = add(queue, 'y')
  await vi.advanceTimersByTimeAsync(500)
  const third = add(queue, 'z')
  expect(engine.commits).toHaveLength(1)
  engine.commits[0]!.done.resolve()
  await first
  await vi.advanceTimersByTimeAsync(100)
  expect(engine.commits[1]!.words).toEqual(['a:y,z'])
  engine.commits[1]!.done.resolve()
  await Promise.all([second, third])
})

test('after a commit the next waits a quarter of its time, so that senders just answered are in it', async () => {
  const queue = open()
  const first = add(queue, 'x')
  await vi.advanceTimersByTimeAsync(20)
  const second = add(queue, 'y')
  await vi.advanceTimersByTimeAsync(200)
  engine.commits[0]!.done.resolve()
  await first
  const third = add(queue, 'z')
  await vi.advanceTimersByTimeAsync(49)
  expect(engine.commits).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(engine.commits[1]!.words).toEqual(['a:y,z'])
  engine.commits[1]!.done.resolve()
  await Promise.all([second, third])
})

test('a block at its size limit closes while the writer is busy', async () => {
  const queue = open({ maxBlockBytes: 4 })
  const waiters = [add(queue, '1234'), add(queue, '56'), add(queue, '78'), add(queue, '9')]
  for (const [i, words] of ['a:1234', 'a:56,78'].entries()) {
    await vi.advanceTimersByTimeAsync(0)
    expect(engine.commits[i]!.words).toEqual([words])
    engine.commits[i]!.done.resolve()
  }
  await vi.advanceTimersByTimeAsync(20)
  engine.commits[2]!.done.resolve()
  expect(await Promise.all(waiters)).toEqual(['1234', '56', '78', '9'])
})

test('a decoder that throws leaves nothing behind and hurts nobody else', async () => {
  const queue = open()
  const good = add(queue, 'x')
  const bad = queue.append('a', (block) => {
    block.words.push('half')
    throw new Error('broken')
  })
  expect(await state(bad)).toBe('failed broken')
  await vi.advanceTimersByTimeAsync(20)
  expect(engine.commits[0]!.words).toEqual(['a:x'])
  engine.commits[0]!.done.resolve()
  await good
})

test('a request that adds nothing is answered without a commit', async () => {
  const queue = open()
  expect(await queue.append('a', () => 'empty')).toBe('empty')
  await vi.advanceTimersByTimeAsync(100)
  expect(engine.commits).toHaveLength(0)
})

test('past the limit on queued bytes requests are refused until a commit makes room', async () => {
  const queue = open({ maxQueuedBytes: 3 })
  const held = add(queue, '1234')
  expect(await state(add(queue, 'x'))).toBe('failed INGEST_OVERLOADED')
  await vi.advanceTimersByTimeAsync(20)
  engine.commits[0]!.done.resolve()
  await held
  expect(queue.queuedBytes).toBe(0)
  expect(await state(add(queue, 'x'))).toBe('waiting')
})

test('blocks are used again, and made again for none but new tenants', async () => {
  const queue = open()
  for (const word of ['x', 'y', 'z']) {
    const done = add(queue, word)
    await vi.advanceTimersByTimeAsync(40)
    engine.commits.at(-1)!.done.resolve()
    await done
  }
  expect(engine.made).toBe(1)
  expect(engine.commits.map(({ words }) => words)).toEqual([['a:x'], ['a:y'], ['a:z']])
})

test('spare blocks are kept up to the limit on queued bytes, the longest unused dropped first', async () => {
  const queue = open({ maxQueuedBytes: 10 })
  const store = async (tenant: string, word: string) => {
    const done = add(queue, word, tenant)
    await vi.advanceTimersByTimeAsync(40)
    engine.commits.at(-1)!.done.resolve()
    await done
  }
  await store('a', '1234567890')
  await store('a', 'x')
  expect(engine.made).toBe(1)
  // A block is worth what it held at most: that of a gives way to that of b.
  await store('b', 'x')
  await store('b', 'x')
  expect(engine.made).toBe(2)
  await store('a', 'x')
  await store('b', 'x')
  await store('a', 'x')
  expect(engine.made).toBe(3)
})

test('a failed commit rejects all who share it, and tells the block', async () => {
  const queue = open()
  const waiters = [add(queue, 'x'), add(queue, 'y')]
  await vi.advanceTimersByTimeAsync(20)
  engine.commits[0]!.done.reject(new StoreError('STORE_FULL', 'cannot write: no room'))
  expect(await Promise.all(waiters.map(state))).toEqual(['failed INGEST_FULL', 'failed INGEST_FULL'])
  expect(engine.settledWith).toEqual([['x,y', false]])
  expect(await state(add(queue, 'z'))).toBe('waiting')
})

test('while the engine is away requests are refused, those already waiting go on when it is back', async () => {
  const queue = open()
  const lost = add(queue, 'x')
  await vi.advanceTimersByTimeAsync(20)
  const waiting = add(queue, 'y')
  engine.isUp = false
  engine.commits[0]!.done.reject(new StoreError('STORE_UNAVAILABLE', 'cannot write: gone'))
  expect(await state(lost)).toBe('failed INGEST_UNAVAILABLE')
  expect(await state(add(queue, 'z'))).toBe('failed INGEST_UNAVAILABLE')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(engine.commits).toHaveLength(1)
  engine.isUp = true
  await vi.advanceTimersByTimeAsync(2_000)
  expect(queue.isDown).toBe(false)
  expect(engine.commits[1]!.words).toEqual(['a:y'])
  engine.commits[1]!.done.resolve()
  expect(await waiting).toBe('y')
})

test('those who wait for an engine that stays away are refused in the end', async () => {
  const queue = open()
  const lost = add(queue, 'x')
  await vi.advanceTimersByTimeAsync(20)
  const waiting = add(queue, 'y')
  engine.isUp = false
  engine.commits[0]!.done.reject(new StoreError('STORE_UNAVAILABLE', 'cannot write: gone'))
  expect(await state(lost)).toBe('failed INGEST_UNAVAILABLE')
  const refused = expect(waiting).rejects.toMatchObject({ code: 'INGEST_UNAVAILABLE' })
  await vi.advanceTimersByTimeAsync(20_000)
  await refused
  expect(queue.queuedBytes).toBe(0)
})

test('close writes what is held at once and refuses what comes after', async () => {
  const queue = open()
  const last = add(queue, 'x')
  const closed = queue.close()
  expect(await state(add(queue, 'y'))).toBe('failed INGEST_CLOSED')
  expect(engine.commits[0]!.words).toEqual(['a:x'])
  expect(await state(closed)).toBe('waiting')
  engine.commits[0]!.done.resolve()
  await closed
  expect(await last).toBe('x')
})
