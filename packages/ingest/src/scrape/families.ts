// What a target says of its metrics: kept by target, as the API shows it.

import type { MetricMetadata } from '@oriel/model'

// As Prometheus keeps it after a metric has gone. Source: Prometheus 3.14 scrape/scrape.go iterDone.
const KEPT_SCRAPES = 10
// 100,000 entries, about 20 MB: past it targets hold entries of their own.
const MAX_SHARED = 100_000

/** Metadata that many targets say alike, held once. */
export class SharedMetadata {
  readonly #known = new Map<string, MetricMetadata>()

  /** The entry to hold for one like this. */
  share(metadata: MetricMetadata): MetricMetadata {
    const { metric, type, help, unit } = metadata
    const key = `${metric}\u{1}${type}\u{1}${unit}\u{1}${help}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_SHARED) this.#known.clear()
    this.#known.set(key, metadata)
    return metadata
  }
}

interface Family {
  metadata: MetricMetadata
  /** The scrape that spoke of it last, Infinity as long as nothing else was heard. */
  scrape: number
}

/**
 * The metrics of one target, by name.
 *
 * `begin` and a `note` of each metric where an answer is read in full; one that says what the answer before said needs neither. Then
 * `endScrape`.
 */
export class TargetFamilies {
  readonly #shared: SharedMetadata
  readonly #families = new Map<string, Family>()
  #scrape = 0

  constructor(shared: SharedMetadata = new SharedMetadata()) {
    this.#shared = shared
  }

  /** Another answer begins: what it does not speak of has gone. */
  begin(): void {
    for (const family of this.#families.values()) family.scrape = Math.min(family.scrape, this.#scrape - 1)
  }

  /** Takes what one line or message says, and returns all that is known of the metric. */
  note(metric: string, said: Partial<Omit<MetricMetadata, 'metric'>>): MetricMetadata {
    const family = this.#families.get(metric)
    if (family === undefined) {
      const metadata = this.#shared.share({ metric, type: 'unknown', help: '', unit: '', ...said })
      this.#families.set(metric, { metadata, scrape: Infinity })
      return metadata
    }
    family.scrape = Infinity
    const { type, help, unit } = family.metadata
    const { type: newType = type, help: newHelp = help, unit: newUnit = unit } = said
    if (newType !== type || newHelp !== help || newUnit !== unit)
      family.metadata = this.#shared.share({ metric, type: newType, help: newHelp, unit: newUnit })
    return family.metadata
  }

  /** A scrape was good: what was not heard of for long is forgotten. */
  endScrape(): void {
    for (const [metric, { scrape }] of this.#families) if (this.#scrape - scrape > KEPT_SCRAPES) this.#families.delete(metric)
    this.#scrape++
  }

  /** All of them, in the order in which they were first met. */
  list(): MetricMetadata[] {
    return Array.from(this.#families.values(), ({ metadata }) => metadata)
  }
}
