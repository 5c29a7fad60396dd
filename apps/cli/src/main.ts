import { OrielError } from '@oriel/model'
import { makeProgram } from './program.ts'

// Started through the launcher: when it is gone, so is whoever asked for this program.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

try {
  await makeProgram().parseAsync()
} catch (error) {
  const isExpected = error instanceof OrielError
  const text = isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`oriel: ${text}\n`)
  process.exitCode = isExpected ? 1 : 70
}
