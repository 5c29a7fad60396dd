import { constantField, dateTime64Field, i64Field, nativeBlock, u128Field, u64Field, u8Values } from '../native/index.ts'
import { toMantissas } from './decimals.ts'

/** Columns of samples as words: two, four, two and two a row. */
export interface SampleRows {
  readonly rows: number
  readonly metricIds: Uint32Array
  readonly seriesIds: Uint32Array
  readonly times: Uint32Array
  /** Doubles. */
  readonly values: Uint32Array
}

/** A block for the table `samples`, of views of the columns; `values` are turned into mantissas in place. */
export function sampleBlock(tenant: string, { rows, metricIds, seriesIds, times, values }: SampleRows): Uint8Array[] {
  const decimals = toMantissas({ rows, ids: seriesIds, words: values })
  return nativeBlock(rows, [
    constantField('tenant', tenant, rows),
    u64Field('metric_id', { words: metricIds }),
    u128Field('series_id', { words: seriesIds }),
    dateTime64Field('t', 3, { words: times }),
    i64Field('mantissa', { words: values }),
    u8Values('decimals', decimals),
  ])
}
