// Which hours and days are rolled up and still true. Only for a store that this process alone writes to.

import { blockOf } from './thin.ts'

/** A bucket's newest rewrite. */
export interface RolledBlock {
  readonly version: number
  /** Samples that it was made from. */
  readonly samples: number
}

/** Rolled-up hours and days (since 1970). A write to an hour takes it and its day out at once. */
export class RolledBlocks {
  readonly #hours = new Map<number, RolledBlock>()
  readonly #days = new Map<number, RolledBlock>()
  /** The newest version of each bucket, true or not. */
  readonly #versions = { hour: new Map<number, number>(), day: new Map<number, number>() }
  /** Hours that are written to while they are rolled up. */
  readonly #touched = new Set<number>()

  /** Takes over what was stored: true where it is still. */
  load(kind: 'hour' | 'day', bucket: number, block: RolledBlock, isTrue: boolean): void {
    this.#versions[kind].set(bucket, block.version)
    if (isTrue) (kind === 'hour' ? this.#hours : this.#days).set(bucket, block)
  }

  /** Begins to roll up a bucket; returns the version to write. */
  begin(kind: 'hour' | 'day', bucket: number): number {
    this.#touched.delete(bucket)
    return (this.#versions[kind].get(bucket) ?? 0) + 1
  }

  /** Ends rolling up an hour; false when it was written to meanwhile, then nothing of it counts. */
  endHour(hour: number, block: RolledBlock): boolean {
    this.#versions.hour.set(hour, block.version)
    if (this.#touched.delete(hour)) return false
    this.#hours.set(hour, block)
    return true
  }

  /** Ends rolling up a day from hours of these versions; false when one of them has changed meanwhile. */
  endDay(day: number, block: RolledBlock, hourBlocks: readonly number[]): boolean {
    this.#versions.day.set(day, block.version)
    if (this.hoursOf(day)?.join() !== hourBlocks.join()) return false
    this.#days.set(day, block)
    return true
  }

  /** Something of this hour has changed, or is about to. */
  touch(hour: number): void {
    this.#touched.add(hour)
    this.#hours.delete(hour)
    this.#days.delete(Math.floor(hour / 24))
  }

  /** Takes the hours of a range out for good; returns each with the version that says so. */
  condemn(first: number, last: number): { readonly hour: number; readonly version: number }[] {
    const condemned: { hour: number; version: number }[] = []
    for (const [hour, newest] of this.#versions.hour) {
      if (hour < first || hour > last) continue
      this.touch(hour)
      this.#versions.hour.set(hour, newest + 1)
      condemned.push({ hour, version: newest + 1 })
    }
    return condemned
  }

  hasHour(hour: number): boolean {
    return this.#hours.has(hour)
  }

  hasDay(day: number): boolean {
    return this.#days.has(day)
  }

  /** The block to read of an hour or a day, undefined where there is none that is true. */
  hourBlock(hour: number): number | undefined {
    const known = this.#hours.get(hour)
    return known === undefined ? undefined : blockOf(hour, known.version)
  }

  dayBlock(day: number): number | undefined {
    const known = this.#days.get(day)
    return known === undefined ? undefined : blockOf(day, known.version)
  }

  /** The blocks of a day's 24 hours, undefined unless all are true. */
  hoursOf(day: number): number[] | undefined {
    const blocks: number[] = []
    for (let hour = 24 * day; hour < 24 * day + 24; hour++) {
      const block = this.hourBlock(hour)
      if (block === undefined) return undefined
      blocks.push(block)
    }
    return blocks
  }
}
