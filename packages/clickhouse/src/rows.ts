import { MapColumn } from '@oriel/model'
import type { NativeField } from './native/index.ts'
import { mapField } from './native/index.ts'

/** Maps given one by one: for small tables. */
export function mapsField(name: string, records: readonly Readonly<Record<string, string>>[]): NativeField {
  const column = new MapColumn()
  for (const record of records) column.pushRecord(record)
  return mapField(name, column)
}
