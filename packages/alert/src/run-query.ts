import type { QueryCaller, QueryRunner } from '@oriel/query'
import { AlertError } from './errors.ts'
import type { ReadSamples } from './rules/restore.ts'
import type { RuleQuery, Sample } from './sample.ts'

/** Queries of rules, with the limits, slots and log of everybody's. Source: Prometheus 3.14 rules/manager.go EngineQueryFunc. */
export function queryWith(runner: QueryRunner, caller: QueryCaller): RuleQuery {
  return async (expr, tMs): Promise<readonly Sample[]> => {
    const { data } = await runner.runPromQL({ kind: 'instant', expr, tMs }, caller)
    if (data.kind === 'vector') return data.samples
    if (data.kind === 'scalar') return [{ labels: [], value: data.value }]
    throw new AlertError('ALERT_BAD_RESULT', 'rule result is not a vector or scalar')
  }
}

/** Reads samples as they are stored, for the state of alerts before a start. */
export function readWith(runner: QueryRunner, caller: QueryCaller): ReadSamples {
  return async (matchers, range) => {
    const read = await runner.lookup('alert states', caller, (source, context) =>
      source.metrics.samples({ matchers, range }, context),
    )
    return read.data
  }
}
