import { readVersion } from '@oriel/server'

/** Versions for a report. */
export async function printVersion(): Promise<string> {
  return `oriel ${await readVersion()}\nnode ${process.versions.node} (${process.platform} ${process.arch})\n`
}
