/** A value and where it was said, for messages. `file` when it was a file. */
export interface ConfigValue {
  readonly value: unknown
  readonly where: string
  readonly file?: string
}

/** Values of one source by key (`engine.url`). */
export type ConfigLayer = ReadonlyMap<string, ConfigValue>
