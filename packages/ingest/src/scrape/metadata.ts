// What a text says of its metrics. Read in full only where it is not as before: see `ScrapeRun.readText`.

import type { MetricTarget } from '@oriel/wire'
import { TextScanner } from '@oriel/wire'

/** Tells `target` all metadata of a text that was found good. */
export function tellMetadata(body: Uint8Array, isOpenMetrics: boolean, target: MetricTarget): void {
  const scanner = new TextScanner(body, { isOpenMetrics })
  const metadata = new MetadataLines(target)
  for (let line = scanner.next(); line !== 'end'; line = scanner.next())
    if (line === 'sample') scanner.skipLine()
    else metadata.add(line, scanner)
  metadata.flush()
}

/** Collects the lines that speak of one metric. */
class MetadataLines {
  readonly #target: MetricTarget
  #metric = ''
  #type: TextScanner['metricType'] = 'unknown'
  #help = ''
  #unit = ''

  constructor(target: MetricTarget) {
    this.#target = target
  }

  add(line: 'type' | 'help' | 'unit', scanner: TextScanner): void {
    if (scanner.metric !== this.#metric) {
      this.flush()
      this.#metric = scanner.metric
    }
    if (line === 'type') this.#type = scanner.metricType
    else if (line === 'help') this.#help = scanner.text
    else this.#unit = scanner.text
  }

  flush(): void {
    if (this.#metric !== '') this.#target.metadata({ metric: this.#metric, type: this.#type, help: this.#help, unit: this.#unit })
    this.#metric = ''
    this.#type = 'unknown'
    this.#help = ''
    this.#unit = ''
  }
}
