import { compileAnchored, OrielError } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices, SelfMetric } from '../services.ts'
import { plainFail } from './params.ts'
import { success } from './success.ts'

/** GET /api/v1/status/self_metrics: our own metrics as the JSON form of client_model's protobuf. */
export function selfMetrics(services: ApiServices, { query }: Exchange): Answer {
  const isShown = nameFilter(query.get('metric_name_pattern') ?? '')
  return success(
    services
      .selfMetrics()
      .filter(({ name }) => isShown(name))
      .map(familyOf),
  )
}

function nameFilter(pattern: string): (name: string) => boolean {
  if (pattern === '') return () => true
  try {
    return compileAnchored(pattern)
  } catch (error) {
    if (!(error instanceof OrielError)) throw error
    return plainFail(`invalid metric_name_pattern: ${error.message}`)
  }
}

/** Protobuf's JSON leaves out what is empty, and writes 64-bit counts as text. */
function familyOf(family: SelfMetric): Readonly<Record<string, unknown>> {
  const head = { name: family.name, ...(family.help !== '' && { help: family.help }), type: family.kind.toUpperCase() }
  if (family.kind === 'histogram') {
    const { buckets } = family
    return {
      ...head,
      metric: [...family.points.values()].map(({ labels, counts, sum, count }) => {
        let cumulative = 0
        const bucket = [...counts].map((own, i) => {
          cumulative += own
          return { cumulativeCount: String(cumulative), upperBound: i < buckets.length ? buckets[i] : 'Infinity' }
        })
        return { ...labelsOf(labels), histogram: { sampleCount: String(count), sampleSum: numberOf(sum), bucket } }
      }),
    }
  }
  return {
    ...head,
    metric: [...family.points.values()].map(({ labels, value }) => ({
      ...labelsOf(labels),
      [family.kind]: { value: numberOf(value) },
    })),
  }
}

function labelsOf(labels: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? {} : { label: pairs.map(([name, value]) => ({ name, value })) }
}

function numberOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
