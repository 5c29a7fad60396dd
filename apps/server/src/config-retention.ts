import type { RetentionPolicy, RetentionRule, TenantRetention } from '@oriel/store'
import { parsePromDuration } from '@oriel/syntax'
import { checkKeys, readMap, readSelector } from './config-cardinality.ts'
import type { ConfigValues } from './config-values.ts'

type Refuse = (why: string) => never

/** How long metrics are kept, from `retention`. Throws SERVER_BAD_CONFIG. */
export function retentionPolicy(values: ConfigValues): RetentionPolicy {
  const refuseIn =
    (key: string): Refuse =>
    (why) =>
      values.refuse(key, why)
  const fallback: TenantRetention = {
    keepMs: values.durationMs('retention.default') ?? 0,
    rules: readRules(values.any('retention.metrics') ?? [], refuseIn('retention.metrics')),
  }
  const refuse = refuseIn('retention.tenants')
  const tenants = readMap(values.any('retention.tenants') ?? {}, refuse)
  return {
    fallback,
    tenants: new Map(
      Object.entries(tenants).map(([tenant, value]): [string, TenantRetention] => {
        return [tenant, readTenant(value, fallback, (why) => refuse(`${tenant}: ${why}`))]
      }),
    ),
  }
}

function readTenant(value: unknown, fallback: TenantRetention, refuse: Refuse): TenantRetention {
  const map = readMap(value, refuse)
  checkKeys(map, ['default', 'metrics'], refuse)
  return {
    keepMs: map['default'] === undefined ? fallback.keepMs : readTime(map['default'], refuse),
    rules: map['metrics'] === undefined ? fallback.rules : readRules(map['metrics'], refuse),
  }
}

function readRules(value: unknown, refuse: Refuse): RetentionRule[] {
  if (!Array.isArray(value)) return refuse('it must be a list of { match, keep }')
  return value.map((entry: unknown) => {
    const map = readMap(entry, refuse)
    checkKeys(map, ['match', 'keep'], refuse)
    const { match, keep } = map
    if (typeof match !== 'string' || keep === undefined) return refuse('every entry needs match and keep')
    return { matchers: readSelector(match, refuse), keepMs: readTime(keep, refuse) }
  })
}

/** A duration, or `forever`. Below a day it is refused: what goes goes day by day. */
function readTime(value: unknown, refuse: Refuse): number {
  if (value === 'forever') return 0
  const parsed = typeof value === 'string' ? parsePromDuration(value) : undefined
  if (parsed?.ok !== true || parsed.value <= 0)
    return refuse(`${JSON.stringify(value)} is neither a duration such as 15d nor forever`)
  return parsed.value
}
