import { OrielError } from '@oriel/model'

/** Codes of `ClickhouseError`. */
export const CLICKHOUSE_ERRORS = {
  CLICKHOUSE_DATA_IN_USE: 'Another process works on the data directory. Stop it, or choose another directory.',
  CLICKHOUSE_DATA_UNUSABLE:
    'The data directory can not be made or written. The message carries the reason of the operating system.',
  CLICKHOUSE_DATA_NEWER: 'The data was written by a newer version. Start that version; going back needs a backup.',
  CLICKHOUSE_DATA_OLDER: 'The data was written before the first release, and no way leads from there. Choose another directory.',
  CLICKHOUSE_DATA_NOT_EMPTY: 'A snapshot is restored into an empty directory only, so that nothing is lost. Choose another one.',
  CLICKHOUSE_NO_SNAPSHOT: 'There is no snapshot of that name in the directory `snapshots` of the data directory.',
  CLICKHOUSE_START_FAILED: 'The engine did not start. The message carries its own last words.',
  CLICKHOUSE_PLATFORM:
    'There is no engine for this operating system and processor: name the address of a ClickHouse server instead.',
} as const

/** A failure to open the store. */
export class ClickhouseError extends OrielError {
  constructor(code: keyof typeof CLICKHOUSE_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
