// `scrape_failure_log_file`: each failed scrape as a line of JSON. Source: Prometheus 3.14 util/logging JSONFileLogger.

import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import type { Telemetry } from '@oriel/model'

/** The log files of all jobs, each opened when it is first written to. */
export class FailureLogs {
  readonly #telemetry: Telemetry
  readonly #files = new Map<string, WriteStream>()

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  /** Appends a failure; `path` '' writes nothing. A file that cannot be written is reported, and costs the scrape nothing. */
  write(path: string, { job, url, reason }: { readonly job: string; readonly url: string; readonly reason: string }): void {
    if (path === '') return
    const line = { time: new Date().toISOString(), level: 'ERROR', msg: reason, job_name: job, target: url }
    this.#open(path).write(`${JSON.stringify(line)}\n`)
  }

  /** Closes all files; they are opened anew when written to, so that a moved file is let go at a reload. */
  close(): void {
    for (const file of this.#files.values()) file.end()
    this.#files.clear()
  }

  #open(path: string): WriteStream {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const file = createWriteStream(path, { flags: 'a', mode: 0o666 })
    file.on('error', (error) => {
      this.#telemetry.log('warn', 'cannot write the log of failed scrapes', { path, reason: error.message })
    })
    this.#files.set(path, file)
    return file
  }
}
