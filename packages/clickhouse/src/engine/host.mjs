// The engine's process: loads the library and hands it the thread, as `clickhouse local` does with its command line.
//
// It ends when the statement it was given ends, and that statement reads standard input: so it dies with its parent, however the
// parent dies. Plain JavaScript, because it starts 40 ms sooner than a file whose types must be stripped.
import { DataType, load, open } from 'ffi-rs'

// Linux ends us with our parent, at once and for certain: the library's own way out after its input ends was once seen to hang.
// Nothing is lost by it: what was acknowledged is on disk.
const PR_SET_PDEATHSIG = 1
const SIGKILL = 9
if (process.platform === 'linux') {
  try {
    open({ library: 'libc', path: 'libc.so.6' })
    const paramsType = [DataType.I32, DataType.I32]
    load({ library: 'libc', funcName: 'prctl', retType: DataType.I32, paramsType, paramsValue: [PR_SET_PDEATHSIG, SIGKILL] })
  } catch {
    // A Linux without glibc: the end of our input is still told.
  }
}

const [library, ...args] = process.argv.slice(2)
open({ library: 'engine', path: library })
const result = load({
  library: 'engine',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
})
const error = load({
  library: 'engine',
  funcName: 'chdb_result_error',
  retType: DataType.String,
  paramsType: [DataType.External],
  paramsValue: [result],
})
if (error !== '') process.stderr.write(`${error}\n`)
// The library's threads do not always end by themselves; its data is on disk by now.
process.exit(error === '' ? 0 : 1)
