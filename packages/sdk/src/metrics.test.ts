import { describe, expect, it } from 'vitest'
import { expositionFormatOf, printExposition } from './exposition.ts'
import { MAX_POINTS, MetricRegistry } from './metrics.ts'

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

function text(registry: MetricRegistry, format: 'text' | 'openmetrics' = 'text'): string {
  return printExposition(registry.families(), format)
}

describe('metric registry', () => {
  it('prints counters and gauges by name, with labels escaped', () => {
    const registry = new MetricRegistry()
    registry.gauge('b', 'What\nit is').set(-0.5)
    registry.counter('a_total', 'Count.').add(2, { path: 'C:\\x "y"' })
    registry.counter('a_total', 'Count.').add(1, { path: 'C:\\x "y"' })
    expect(text(registry)).toBe(
      '# HELP a_total Count.\n# TYPE a_total counter\na_total{path="C:\\\\x \\"y\\""} 3\n' +
        '# HELP b What\\nit is\n# TYPE b gauge\nb -0.5\n',
    )
  })

  it('sums histogram buckets up to +Inf', () => {
    const registry = new MetricRegistry()
    const seconds = registry.histogram('s', 'Seconds.', [1, 2])
    for (const value of [0.5, 1, 1.5, 9]) seconds.observe(value)
    expect(text(registry)).toContain('s_bucket{le="1"} 2\ns_bucket{le="2"} 3\ns_bucket{le="+Inf"} 4\ns_sum 12\ns_count 4\n')
  })

  it('shows exemplars in OpenMetrics alone, and ends it with EOF', () => {
    const registry = new MetricRegistry({ traceNow: () => trace, now: () => 1_500 })
    registry.histogram('s', 'Seconds.', [1]).observe(0.5)
    registry.counter('a_total', 'Count.').add(1)
    const open = text(registry, 'openmetrics')
    expect(open).toContain(`s_bucket{le="1"} 1 # {trace_id="${trace.traceId}",span_id="${trace.spanId}"} 0.5 1.5\n`)
    expect(open).toContain('# TYPE a counter\na_total 1\n')
    expect(open.endsWith('# EOF\n')).toBe(true)
    expect(text(registry)).not.toContain('trace_id')
  })

  it('counts label sets beyond the limit as overflow', () => {
    const registry = new MetricRegistry()
    const counter = registry.counter('a_total', 'Count.')
    for (let i = 0; i < MAX_POINTS + 5; i++) counter.add(1, { id: String(i) })
    expect(text(registry)).toContain('a_total{overflow="true"} 5\n')
  })

  it('runs collectors before each read', () => {
    const registry = new MetricRegistry()
    const gauge = registry.gauge('g', 'G.')
    let value = 0
    registry.onCollect(() => gauge.set(++value))
    text(registry)
    expect(text(registry)).toContain('g 2\n')
  })

  it('gives OpenMetrics to those who name it', () => {
    expect(expositionFormatOf('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toBe('openmetrics')
    expect(expositionFormatOf('text/plain')).toBe('text')
  })
})
