import { makeConfig, printConfig, readConfigFile, readPrometheusFile } from '@oriel/server'

/** Checks a configuration file and what it names; returns what to print. Throws what is wrong. */
export function checkConfig(file: string, shouldPrint: boolean): string {
  const config = makeConfig([readConfigFile(file)])
  const lines = [`${file}: good`]
  if (config.prometheusFile !== undefined) {
    const { jobs, notes } = readPrometheusFile(config.prometheusFile)
    lines.push(`${config.prometheusFile}: good, ${jobs.length} scrape jobs`, ...notes.map((note) => `  ${note}`))
  }
  return `${lines.join('\n')}\n${shouldPrint ? printConfig(config) : ''}`
}
