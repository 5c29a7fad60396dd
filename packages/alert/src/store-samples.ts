import type { MetricsWriter } from '@oriel/ingest'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { MetricTarget } from '@oriel/wire'
import { LabelBytes } from '@oriel/wire'
import { AlertError } from './errors.ts'
import type { RuleAppend, StoredSample } from './sample.ts'

/** Stores samples of rules on the same road as scraped ones: what it resolved is visible to the next query. */
export function appendTo(writer: MetricsWriter, tenant: string): RuleAppend {
  return async (samples) => {
    const { rejected } = await writer.write(tenant, (target) => writeSamples(target, samples))
    const [first] = rejected
    if (first !== undefined)
      throw new AlertError('ALERT_NOT_STORED', `cannot store results: ${first.count} ${first.reason}, such as ${first.example}`)
  }
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

function writeSamples(target: MetricTarget, samples: readonly StoredSample[]): void {
  const bytes = new LabelBytes()
  for (const { labels, value, histogram, isStale, tMs } of samples) {
    bytes.clear()
    for (const label of labels) bytes.add(label.name, label.value)
    const ref = target.series(bytes.bytes, 0, bytes.length)
    if (isStale === true) target.sample(ref, tMs, STALE_LOW, STALE_HIGH)
    else if (histogram !== undefined) target.histogram(ref, tMs, histogram)
    else {
      scratch[0] = value
      target.sample(ref, tMs, scratchWords[0]!, scratchWords[1]!)
    }
  }
}
