import type { Label, Labels } from '@oriel/model'
import { bug, METRIC_NAME } from '@oriel/model'
import type { NativeBlock, NativeColumn } from '../native/index.ts'
import { columnStrings } from '../native/index.ts'
import type { KnownSeries, SeriesCache } from './series-cache.ts'

/**
 * Series of a block with columns `id`, `metric` and `labels`, in its order.
 *
 * Labels are built for series that the cache does not hold, and kept in it.
 */
export function seriesOfBlock(block: NativeBlock, cache: SeriesCache): KnownSeries[] {
  const ids = block.words('id')
  let reader: LabelReader | undefined
  const series: KnownSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    let known = cache.get(ids, row)
    if (known === undefined) {
      reader ??= makeLabelReader(block)
      const metric = reader.metricAt(row)
      known = { id: ids.slice(4 * row, 4 * row + 4), metric, labels: reader.labelsAt(row, metric) }
      cache.add(known)
    }
    series.push(known)
  }
  return series
}

interface LabelReader {
  metricAt(row: number): string
  labelsAt(row: number, metric: string): Labels
}

function makeLabelReader(block: NativeBlock): LabelReader {
  const metrics = block.strings('metric')
  const map = block.column('labels')
  if (map.kind !== 'map') return bug(`column labels is ${map.kind}, not map`)
  const { ends } = map
  const names = columnStrings(map.keys)
  const valueAt = textReader(map.values)
  return {
    metricAt: (row) => metrics[row]!,
    labelsAt(row, metric) {
      const labels: Label[] = []
      let needsName = metric !== ''
      for (let i = row === 0 ? 0 : ends[row - 1]!; i < ends[row]!; i++) {
        const name = names[i]!
        if (needsName && name > METRIC_NAME) {
          labels.push({ name: METRIC_NAME, value: metric })
          needsName = false
        }
        labels.push({ name, value: valueAt(i) })
      }
      if (needsName) labels.push({ name: METRIC_NAME, value: metric })
      return labels
    },
  }
}

/** Decodes single entries: most rows are known, so decoding a whole column would be waste. */
function textReader(column: NativeColumn): (row: number) => string {
  if (column.kind !== 'string') return bug(`label values are ${column.kind}, not text`)
  const { bytes, ends } = column
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (row) => buffer.toString('utf8', row === 0 ? 0 : ends[row - 1], ends[row])
}
