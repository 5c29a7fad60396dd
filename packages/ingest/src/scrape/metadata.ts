// What a text says of its metrics. Read in full only where it is not as before: see `ScrapeRun.readText`.

import type { MetricMetadata } from '@oriel/model'
import { TextScanner, WireError } from '@oriel/wire'
import type { TargetFamilies } from './families.ts'

/** Notes all metadata of a text, as far as it can be read, and returns what is known of each metric that it speaks of. */
export function noteMetadata(body: Uint8Array, isOpenMetrics: boolean, families: TargetFamilies): Iterable<MetricMetadata> {
  const known = new Map<string, MetricMetadata>()
  const scanner = new TextScanner(body, { isOpenMetrics })
  families.begin()
  try {
    for (let line = scanner.next(); line !== 'end'; line = scanner.next()) {
      if (line === 'sample') scanner.skipLine()
      else known.set(scanner.metric, families.note(scanner.metric, saidBy(line, scanner)))
    }
  } catch (error) {
    // Whoever reads its samples says why.
    if (!(error instanceof WireError)) throw error
  }
  return known.values()
}

function saidBy(line: 'type' | 'help' | 'unit', { metricType, text }: TextScanner): Partial<MetricMetadata> {
  return line === 'type' ? { type: metricType } : { [line]: text }
}
