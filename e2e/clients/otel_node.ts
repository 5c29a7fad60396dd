// A user's Node program with the OpenTelemetry SDK, configured by the standard OTEL_* environment alone. Makes as many orders as the
// first argument says: a span with a child each, every tenth failed, a log record, a counter, a gauge and a histogram.
import { SeverityNumber, SpanStatusCode, logs, metrics, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'

const orders = Number(process.argv[2])
const sdk = new NodeSDK({})
sdk.start()

const tracer = trace.getTracer('e2e')
const meter = metrics.getMeter('e2e')
const placed = meter.createCounter('orders.placed', { unit: '1', description: 'Orders placed.' })
const amount = meter.createHistogram('order.amount', { unit: 'EUR', description: 'Order amount.' })
meter.createObservableGauge('queue.length', { description: 'Orders waiting.' }).addCallback((result) => result.observe(42))
const logger = logs.getLogger('e2e')

for (let i = 0; i < orders; i++) {
  tracer.startActiveSpan('place_order', { attributes: { 'order.id': i, 'user.id': `user-${i % 7}` } }, (span) => {
    tracer.startActiveSpan('charge', (child) => {
      logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: `order ${i} placed` })
      child.end()
    })
    if (i % 10 === 0) {
      span.recordException(new Error('card declined'))
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' })
    }
    placed.add(1, { country: i % 2 === 0 ? 'FR' : 'DE' })
    amount.record(i)
    span.end()
  })
}
await sdk.shutdown()
