import type { Labels, MetricBlock } from '@oriel/model'
import { labelValue, makeMetricBlock, METRIC_NAME, MS_PER_DAY, STALE_HIGH, STALE_LOW } from '@oriel/model'
import { hash64, seriesId } from '@oriel/store'
import type { LoadCommand } from './script.ts'

/** The samples of a `load` command as a block of `tenant`, from time 0. Native histograms are left out. */
export function blockOf(command: LoadCommand, tenant: string): MetricBlock {
  const block = makeMetricBlock(tenant)
  for (const { labels, values } of command.series) {
    const days = new Set<number>()
    const id = seriesId(labels)
    const metricId = hash64(labelValue(labels, METRIC_NAME))
    for (const [i, value] of values.entries()) {
      if (value.kind !== 'value' && value.kind !== 'stale') continue
      const tMs = i * command.stepMs
      block.samples.metricId.pushBigInt(metricId)
      block.samples.seriesId.pushFrom(id, 0)
      block.samples.tMs.pushNumber(tMs)
      if (value.kind === 'stale') block.samples.values.push(STALE_LOW, STALE_HIGH)
      else block.samples.values.pushDouble(value.value)
      days.add(Math.floor(tMs / MS_PER_DAY))
    }
    addDays(block, id, labels, days)
  }
  return block
}

function addDays(block: MetricBlock, id: Uint32Array, labels: Labels, days: ReadonlySet<number>): void {
  for (const day of days) block.series.push({ id, labels, day })
}
