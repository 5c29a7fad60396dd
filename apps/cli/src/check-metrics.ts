// `oriel check metrics`, as promtool has it. Source: Prometheus 3.14 cmd/promtool/main.go CheckMetrics.

import { buffer } from 'node:stream/consumers'
import { OrielError } from '@oriel/model'
import type { MetricFamily } from './metric-families.ts'
import { readFamilies } from './metric-families.ts'
import { lintMetrics } from './metric-lint.ts'
import type { Outcome } from './outcome.ts'
import { EXIT } from './outcome.ts'
import { currentTerminal, printTable } from './table.ts'

/** Flags of `oriel check metrics`. */
export interface CheckMetricsFlags {
  readonly extended?: boolean
  readonly lint: string
}

/** Checks what a target exposes, from standard input. */
export async function checkMetrics(flags: CheckMetricsFlags): Promise<Outcome> {
  if (flags.lint === 'none' && flags.extended !== true) {
    const errors =
      'error: at least one of --extended or linting must be enabled\n' +
      'Use --extended for cardinality analysis, or remove --lint none to enable linting\n'
    return { text: '', errors, exitCode: EXIT.failure }
  }
  return checkExposition(await buffer(process.stdin), flags)
}

/** Checks exposition text. */
export function checkExposition(bytes: Uint8Array, { extended = false, lint }: CheckMetricsFlags): Outcome {
  let families: MetricFamily[]
  try {
    families = readFamilies(bytes)
  } catch (error) {
    if (!(error instanceof OrielError)) throw error
    return { text: '', errors: `error while linting: ${error.message}\n`, exitCode: EXIT.failure }
  }
  const problems = lint === 'none' ? [] : lintMetrics(families)
  return {
    text: extended ? printCardinality(families) : '',
    errors: problems.map(({ metric, text }) => `${metric} ${text}\n`).join(''),
    exitCode: problems.length > 0 ? EXIT.lint : EXIT.success,
  }
}

function printCardinality(families: readonly MetricFamily[]): string {
  const total = families.reduce((sum, { cardinality }) => sum + cardinality, 0)
  const rows = families
    .toSorted((a, b) => b.cardinality - a.cardinality)
    .map(({ name, cardinality }) => [name, String(cardinality), `${((100 * cardinality) / total).toFixed(2)}%`])
  return printTable(['Metric', 'Cardinality', 'Percentage'], [...rows, ['Total', String(total), '100%']], currentTerminal())
}
