import type { ConfigReader } from '../config-reader.ts'

/** `file_sd_configs`. */
export interface FileConfig {
  readonly kind: 'file'
  /** Paths, with `*` in their last part only. */
  readonly files: readonly string[]
  readonly refreshMs: number
}

/** Reads one entry of `file_sd_configs`. */
export function readFileConfig(config: ConfigReader): FileConfig {
  const files = config.paths('files')
  if (files.length === 0) throw config.error('file discovery needs at least one file', 'files')
  for (const file of files)
    if (!/^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(file))
      throw config.error(`${JSON.stringify(file)} must end in .json, .yml or .yaml, with * in its last part only`, 'files')
  return { kind: 'file', files, refreshMs: config.duration('refresh_interval', 300_000) }
}
