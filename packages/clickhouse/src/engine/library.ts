import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ClickhouseError } from '../errors.ts'

const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
}

/** Path of the engine's library for this machine. Throws CLICKHOUSE_PLATFORM where there is none. */
export function libraryPath(): string {
  const platform = `${process.platform}-${process.arch}`
  const name = PACKAGES[platform]
  if (name === undefined) {
    throw new ClickhouseError(
      'CLICKHOUSE_PLATFORM',
      `cannot start engine: none for ${platform}, known: ${Object.keys(PACKAGES).join(', ')}`,
    )
  }
  try {
    // The library is an optional dependency of `chdb`, so it is looked up from there.
    const require = createRequire(import.meta.url)
    const fromChdb = createRequire(require.resolve('chdb'))
    return join(dirname(fromChdb.resolve(`${name}/package.json`)), 'libchdb.so')
  } catch (cause) {
    throw new ClickhouseError('CLICKHOUSE_PLATFORM', `cannot start engine: package ${name} is not installed`, { cause })
  }
}
