// A user's Node program with the OpenTelemetry SDK that puts user ids into an attribute of a counter: as many as the first argument says.
import { metrics } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'

const users = Number(process.argv[2])
const sdk = new NodeSDK({})
sdk.start()
const clicks = metrics.getMeter('e2e').createCounter('checkout.clicks', { description: 'Clicks on the checkout button.' })
for (let i = 0; i < users; i++) clicks.add(1, { 'user.id': `user-${i}` })
await sdk.shutdown()
