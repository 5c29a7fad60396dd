import type { Browser } from 'playwright-core'
import { ORIEL_URL, openPage, takeScreenshot } from './browser.ts'

// Three runs each, the median counts: the first on a cold machine, the last on a busy one.
const RUNS = 3

/** Milliseconds from the trace's answer to the frame that shows its first rows, as the page marks it (`oriel.waterfall`). */
export async function timeWaterfall(browser: Browser, traceId: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const { page, context } = await openPage(browser, 'light')
    await page.goto(`${ORIEL_URL}/traces/${traceId}`)
    await page.waitForFunction(`performance.getEntriesByName('oriel.waterfall').length > 0`, undefined, { timeout: 30_000 })
    const ms: number = await page.evaluate(`performance.getEntriesByName('oriel.waterfall')[0].duration`)
    times.push(ms)
    if (run === 0) await takeScreenshot(page, `trace-large-${traceId.slice(0, 6)}`)
    await context.close()
  }
  return median(times)
}

/** Milliseconds from navigation in a fresh profile to the moment when no panel of the service page waits any more. */
export async function timeServicePage(browser: Browser, service: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const { page, context } = await openPage(browser, 'light')
    await page.goto(`${ORIEL_URL}/services/${service}?from=now-15m&to=now&refresh=off`, { waitUntil: 'commit' })
    // Read in the page's own clock: what a person waits for, without the test's round trips.
    await page.waitForFunction(
      `(() => {
        const ready = document.querySelectorAll('section canvas').length >= 3 && document.querySelector('[aria-busy="true"]') === null
        if (ready && window.readyAt === undefined) window.readyAt = performance.now()
        return ready
      })()`,
      undefined,
      { polling: 'raf', timeout: 30_000 },
    )
    const ms: number = await page.evaluate('window.readyAt')
    times.push(ms)
    await context.close()
  }
  return median(times)
}

function median(times: readonly number[]): number {
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0)
}
