// Loaded before a service (`node --import`): starts the official OpenTelemetry SDK with auto-instrumentation. Endpoint, protocol,
// service name and resource come from the standard OTEL_* environment, as in any user's program.
import { register } from 'node:module'
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import { NodeSDK } from '@opentelemetry/sdk-node'

// Patches packages that are loaded with `import`; builtins such as node:http are patched either way.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)

const sdk = new NodeSDK({
  instrumentations: [
    getNodeAutoInstrumentations({
      // A span per file read or socket would bury the story in noise.
      '@opentelemetry/instrumentation-fs': { enabled: false },
      '@opentelemetry/instrumentation-net': { enabled: false },
      '@opentelemetry/instrumentation-dns': { enabled: false },
      '@opentelemetry/instrumentation-http': { ignoreIncomingRequestHook: ({ url }) => isProbe(url ?? '') },
    }),
  ],
})
sdk.start()

// The last spans of a stopping service are worth waiting for, but not forever.
process.once('SIGTERM', () => {
  const giveUp = setTimeout(() => process.exit(0), 2_000)
  void sdk.shutdown().finally(() => {
    clearTimeout(giveUp)
    process.exit(0)
  })
})

function isProbe(url: string): boolean {
  return url.startsWith('/metrics') || url.startsWith('/health')
}
