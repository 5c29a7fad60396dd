import type * as shopTypes from '@oriel/shop'
import type { Config, RunningServer } from '@oriel/server'
import { startServer } from '@oriel/server'
import { CliError } from './errors.ts'
import type { ServeFlags } from './serve.ts'
import { addressOf, printHints, showWaiting } from './hints.ts'
import { keepCompiledCode, readConfig, stopOnSignals, untilReady } from './serve.ts'
import type { Terminal } from './table.ts'
import { currentTerminal, paint } from './table.ts'

type ShopModule = typeof shopTypes
type Shop = shopTypes.Shop

/** Runs the server, and beside it the shop that sends it telemetry, until a signal ends both. */
export async function runDemo(flags: ServeFlags & { readonly rate: string; readonly fault: string }): Promise<void> {
  const shopModule = await loadShop()
  const { fault } = flags
  if (!shopModule.isFault(fault)) {
    throw new CliError(
      'CLI_BAD_ARGUMENT',
      `cannot start demo: no fault ${JSON.stringify(fault)}; there are ${Object.keys(shopModule.FAULTS).join(', ')}`,
    )
  }
  const ratePerSecond = Number(flags.rate)
  if (!(ratePerSecond > 0))
    throw new CliError('CLI_BAD_ARGUMENT', `cannot start demo: --rate ${flags.rate} is not a number above 0`)
  const terminal = currentTerminal()
  const config: Config = readConfig(flags)
  const server = await startServer(config, { readConfig: () => readConfig(flags) })
  let shop: Shop | undefined
  stopOnSignals(server, async () => {
    await shop?.close()
    await server.close()
  })
  keepCompiledCode(server)
  say(`The page is at ${paint(server.url, 'bold', terminal)}`)
  const endEngine = showWaiting('Starting the engine')
  await untilReady(server).finally(endEngine)
  const endShop = showWaiting('Starting the shop: nine services, their databases and some shoppers, in about 10 s')
  const starting = shopModule.startShop({
    otlpGrpcEndpoint: `http://${addressOf(server, 'otlp-grpc')}`,
    otlpHttpEndpoint: `http://${addressOf(server, 'otlp-http')}`,
    ratePerSecond,
    fault,
    log: say,
  })
  shop = await starting.finally(endShop)
  server.addScrapeTargets(shop.scrapeTargets)
  say(welcome(server, shop.controlAddress, Object.keys(shopModule.FAULTS), terminal))
}

function welcome(server: RunningServer, controlAddress: string, faults: readonly string[], terminal: Terminal): string {
  const control = controlAddress.startsWith('http') ? controlAddress : `http://${controlAddress}`
  return `
  ${paint('Oriel is running, with a shop that has traffic.', 'bold', terminal)}

    Ask from here         npx oriel query promql 'sum by (job) (up)'
                          npx oriel query traces '{ status = error }'
    Break something       curl -X POST ${control}/faults/<name>
                          ${faults.join(' ')}

${printHints(server, terminal)}
  Ctrl-C stops everything. Data stays in ${server.config.dataDir}.
`
}

function say(message: string): void {
  process.stdout.write(`${message}\n`)
}

async function loadShop(): Promise<ShopModule> {
  try {
    return await import('@oriel/shop')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('CLI_NO_SHOP', `cannot start demo: the shop cannot be loaded: ${why}`, { cause })
  }
}
