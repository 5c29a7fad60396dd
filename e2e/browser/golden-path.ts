// Error spike -> exemplar dot -> trace on the failing span -> its logs -> back, by clicks alone, in both schemes; then axe on all
// screens and the timings. Runs against a server that is up: ORIEL_URL. With ORIEL_SERVICE the story is that service's (the demo
// shop under a fault, say); without, the run sends a story of its own through OTLP.
import { availableParallelism, loadavg } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import type { Scheme } from './browser.ts'
import { ORIEL_URL, SCHEMES, findViolations, openBrowser, openPage, settle, takeScreenshot } from './browser.ts'
import { checkMetrics } from './metrics.ts'
import { checkOnboarding } from './onboarding.ts'
import { Report } from './report.ts'
import { seedMetrics } from './seed-metrics.ts'
import { seedBigTrace, seedStory } from './seed.ts'
import { checkStates } from './states.ts'
import { checkTargets } from './targets.ts'
import { timeServicePage, timeWaterfall } from './timings.ts'

const report = new Report()
const service = process.env['ORIEL_SERVICE'] ?? (await seedStory(Date.now())).service
await seedMetrics(Date.now())
const browser = await openBrowser()
try {
  for (const scheme of SCHEMES) await walk(browser, scheme)
  await checkStates(browser, report, service)
  await checkMetrics(browser, report)
  await checkOnboarding(browser, report)
  await checkTargets(browser, report)
  for (const scheme of SCHEMES) await auditScreens(browser, scheme)
  await measure(browser)
} finally {
  await browser.close()
}
report.finish()

/** The golden path: six clicks at most, nothing typed. */
async function walk(from: Browser, scheme: Scheme): Promise<void> {
  const { page, context, problems } = await openPage(from, scheme)
  const startedMs = performance.now()
  let clicks = 0
  const click = async (selector: string): Promise<void> => {
    clicks++
    await page.locator(selector).first().click()
  }
  await report.step(`${scheme}: services list, and from there the failing service`, async () => {
    await page.goto(`${ORIEL_URL}/services?from=now-15m&to=now&refresh=off`)
    await settle(page)
    await takeScreenshot(page, `services-${scheme}`)
    await click(`a:text-is("${service}")`)
    await page.waitForURL(`**/services/${service}?**`)
  })
  await report.step(`${scheme}: the error chart shows exemplars`, async () => {
    await page.locator('section[aria-label="Errors"] [data-testid=exemplar]').first().waitFor()
    await settle(page)
    await takeScreenshot(page, `service-${scheme}`)
  })
  await report.step(`${scheme}: exemplar opens the trace on the failing span`, async () => {
    await click('section[aria-label="Errors"] [data-testid=exemplar]')
    await page.waitForURL('**/traces/*?**sel=span:**')
    await page.locator('[role=treeitem][aria-selected=true]').waitFor()
    await settle(page)
    const url = new URL(page.url())
    const [, traceId, spanId] = (url.searchParams.get('sel') ?? '').split(':')
    if (url.pathname !== `/traces/${traceId}`)
      throw new Error(`the selection ${url.search} is of another trace than ${url.pathname}`)
    const row = page.locator(`[data-span="${spanId}"]`)
    const text = await row.innerText()
    const isFailed = (await row.getByLabel('failed').count()) > 0
    if (!isFailed || !text.includes(service)) throw new Error(`the selected span is not the failed one: ${text}`)
    await takeScreenshot(page, `trace-${scheme}`)
    return text.replaceAll('\n', ' ')
  })
  await report.step(`${scheme}: its logs are beside it, the span's own lines marked`, async () => {
    await click('[role=tab]:has-text("Logs")')
    await page.locator('[role=tabpanel] [data-marked=true]').first().waitFor()
    await settle(page)
    await takeScreenshot(page, `span-logs-${scheme}`)
    return `${await page.locator('[role=tabpanel] [data-marked=true]').count()} lines of the span`
  })
  await report.step(`${scheme}: Logs opens with every line of that trace and no other`, async () => {
    const traceId = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    await click('[data-testid=open-in-logs]')
    await page.waitForURL('**/logs?**')
    await page.locator('section[aria-label="Lines"] [data-marked=true]').first().waitFor()
    await settle(page)
    await takeScreenshot(page, `logs-of-trace-${scheme}`)
    const links: unknown = await page.evaluate(
      `Array.from(document.querySelectorAll('section[aria-label="Lines"] a[aria-label^="Trace of"]'), (link) => link.href)`,
    )
    if (!isListOf(links, traceId)) throw new Error(`lines of other traces: ${String(links)}`)
    return `${clicks} clicks, ${Math.round(performance.now() - startedMs)} ms with pictures`
  })
  await report.step(`${scheme}: back returns to the span, then to the service`, async () => {
    await page.goBack()
    await page.locator('[role=treeitem][aria-selected=true]').waitFor()
    await page.goBack()
    await page.waitForURL(`**/services/${service}?**`)
  })
  report.check(`${scheme}: six clicks at most`, clicks <= 6, `${clicks}`)
  report.check(`${scheme}: no console error, no foreign request`, problems.length === 0, problems.join(' | '))
  await context.close()
}

function isListOf(links: unknown, traceId: string): boolean {
  return Array.isArray(links) && links.length > 0 && links.every((link) => typeof link === 'string' && link.includes(traceId))
}

/** axe on every screen, with its panels filled, and with the overlays open. */
async function auditScreens(from: Browser, scheme: Scheme): Promise<void> {
  const { page, context, problems } = await openPage(from, scheme)
  const range = 'from=now-15m&to=now&refresh=off'
  const logs = encodeURIComponent('{service_name=~".+"}')
  const screens: readonly (readonly [name: string, path: string, prepare?: (page: Page) => Promise<void>])[] = [
    ['services', `/services?${range}`],
    ['service', `/services/${service}?${range}`],
    ['service-tables', `/services/${service}?${range}`, showTables],
    ['metrics', `/explore/metrics?${range}&q=up`],
    ['metrics-none', `/explore/metrics?${range}`],
    ['metrics-explore', `/explore/metrics?${range}&metric=e2e_requests_total`],
    ['metrics-by-value', `/explore/metrics?${range}&metric=e2e_requests_total&by=route`],
    ['metrics-filter', `/explore/metrics?${range}&metric=e2e_requests_total&f=route|=|/one`, openFilter],
    ['metrics-heatmap', `/explore/metrics?${range}&metric=e2e_latency_seconds&fn=heatmap`],
    ['metrics-histogram-table', `/explore/metrics?${range}&q=e2e_latency_seconds&view=table`],
    ['metrics-several', `/explore/metrics?${range}&q=${encodeURIComponent('rate(e2e_many[5m])')}&more=up&more=sum(up`],
    ['metrics-explain', `/explore/metrics?${range}&q=${encodeURIComponent('sum(rate(e2e_requests_total[5m]))')}&view=explain`],
    ['queries', `/queries?${range}`],
    ['queries-by-cost', `/queries?${range}&view=cost`],
    ['metrics-error', `/explore/metrics?${range}&q=${encodeURIComponent('sum(up')}`],
    ['logs', `/logs?${range}&q=${logs}`],
    ['logs-open-line', `/logs?${range}&q=${logs}`, openFirstLine],
    ['logs-none', `/logs?${range}&q=${encodeURIComponent('{service_name="nobody"} |= "nothing"')}`],
    ['traces', `/traces?${range}`],
    ['traces-text', `/traces?${range}&q=${encodeURIComponent('{ status = error }')}`],
    ['trace', `/services/${service}?${range}`, openFirstError],
    [
      'trace-logs',
      `/services/${service}?${range}`,
      (shown) => openFirstError(shown).then(() => shown.getByRole('tab', { name: 'Logs' }).click()),
    ],
    ['trace-not-stored', `/traces/${'0'.repeat(31)}1`],
    ['rules', `/rules?${range}`],
    ['cardinality', `/cardinality?${range}`],
    ['not-found', '/no/such/page'],
    ['palette', `/services?${range}`, (shown) => shown.keyboard.press('Control+k')],
    ['shortcuts', `/services?${range}`, (shown) => shown.keyboard.press('?')],
    ['time-picker', `/services?${range}`, (shown) => shown.locator('[data-testid=time-picker]').click()],
  ]
  for (const [name, path, prepare] of screens) {
    await report.step(`${scheme}: axe on ${name}`, async () => {
      await page.goto(`${ORIEL_URL}${path}`)
      await settle(page)
      await prepare?.(page)
      await page.waitForTimeout(350)
      await takeScreenshot(page, `${name}-${scheme}`)
      const violations = await findViolations(page)
      if (violations.length > 0) throw new Error(violations.join(' | '))
    })
  }
  // A trace that is not there is a 404 by design; the browser itself logs the status as an error.
  const real = problems.filter((problem) => !problem.includes('status of 404') && !problem.includes('status of 400'))
  report.check(`${scheme}: no console error on any screen`, real.length === 0, real.join(' | '))
  await context.close()
}

async function showTables(page: Page): Promise<void> {
  for (const button of await page.locator('button[aria-label="View as table"]').all()) await button.click()
}

async function openFilter(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
}

async function openFirstError(page: Page): Promise<void> {
  await page.locator('section[aria-label="Recent errors"] a[href*="sel=span"]').first().click()
  await page.locator('[role=treeitem][aria-selected=true]').waitFor()
  await settle(page)
}

async function openFirstLine(page: Page): Promise<void> {
  await page.locator('section[aria-label="Lines"] button[aria-expanded=false]').first().click()
}

/** The budgets: the waterfall of 5,000 spans, and the service page from a cold start. */
async function measure(from: Browser): Promise<void> {
  console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`)
  const waterfallMs = await timeWaterfall(from, await seedBigTrace(5_000, Date.now()))
  report.check('waterfall of 5,000 spans within 500 ms of its answer', waterfallMs <= 500, `${waterfallMs} ms`)
  const bigMs = await timeWaterfall(from, await seedBigTrace(20_000, Date.now()))
  report.check('waterfall of 20,000 spans within 1,500 ms of its answer', bigMs <= 1_500, `${bigMs} ms`)
  const coldMs = await timeServicePage(from, service)
  report.check('service page: all panels within 1,500 ms of a cold start', coldMs <= 1_500, `${coldMs} ms`)
}
