import { MapColumn } from '@oriel/model'
import type { NativeBlock, NativeField } from './native/index.ts'
import { columnNumbers, mapField } from './native/index.ts'

/** Maps given one by one: for small tables. */
export function mapsField(name: string, records: readonly Readonly<Record<string, string>>[]): NativeField {
  const column = new MapColumn()
  for (const record of records) column.pushRecord(record)
  return mapField(name, column)
}

/** Lists of numbers, one a row. */
export function numberLists(block: NativeBlock, name: string): number[][] {
  const { ends, items } = block.lists(name)
  const numbers = columnNumbers(items)
  return Array.from(ends, (end, row) => [...numbers.subarray(row === 0 ? 0 : ends[row - 1], end)])
}
