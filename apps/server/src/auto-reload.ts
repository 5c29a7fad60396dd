import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Looks at the files of the configuration now and then, and reloads when one has changed. */
export interface AutoReload {
  /** To be called when the configuration was loaded for another reason: what stands there now is in force. */
  noteLoaded(): void
  close(): void
}

export interface AutoReloadOptions {
  /** The files to look at; asked for each time. */
  readonly files: () => readonly string[]
  /** May reject: it is tried again the next time, as in Prometheus. */
  readonly reload: () => Promise<void>
  readonly everyMs: number
}

/** Begins to look; what stands in the files now counts as loaded. */
export function openAutoReload({ files, reload, everyMs }: AutoReloadOptions): AutoReload {
  let loaded = checksum(files())
  let isBusy = false
  const look = async (): Promise<void> => {
    const found = checksum(files())
    if (isBusy || found === loaded) return
    isBusy = true
    // Who reloads says what was wrong.
    await reload().catch(() => {})
    isBusy = false
  }
  const timer = setInterval(() => void look(), everyMs).unref()
  return {
    noteLoaded() {
      loaded = checksum(files())
    },
    close: () => clearInterval(timer),
  }
}

/** Of names and contents; a file that cannot be read differs from any that can. */
function checksum(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) {
    hash.update(`${file}\0`)
    try {
      hash.update(readFileSync(file)).update('\0')
    } catch {
      hash.update('\0\0')
    }
  }
  return hash.digest('hex')
}
