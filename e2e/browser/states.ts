import type { Browser, Page } from 'playwright-core'
import { ORIEL_URL, openPage, settle } from './browser.ts'
import type { Report } from './report.ts'

const RANGE = 'from=now-15m&to=now&refresh=off'

/** What the page does when things go slow or wrong, and that its URL and keyboard hold. `service` has data. */
export async function checkStates(browser: Browser, report: Report, service: string): Promise<void> {
  const run = (name: string, work: (page: Page) => Promise<string | void>): Promise<void> =>
    report.step(name, async () => {
      const { page, context } = await openPage(browser, 'light')
      try {
        return await work(page)
      } finally {
        await context.close()
      }
    })
  await run('a slow query offers Cancel after 2 s, and cancelling aborts the request', checkCancel)
  await run('a failed panel says why and retries, the others stay', (page) => checkFailure(page, service))
  await run('dragging a chart zooms the page, back undoes it', (page) => checkZoom(page, service))
  await run('a URL shows the same screen in a new profile', (page) => checkUrl(browser, page))
  await run('keyboard alone: palette, screens, query, lines', (page) => checkKeyboard(page, service))
  await run('a trace opens on the selected span and walks its errors', (page) => checkTraceKeys(page, service))
}

async function checkCancel(page: Page): Promise<string> {
  let aborted = 0
  page.on('requestfailed', (request) => {
    if (request.url().includes('/query_range')) aborted++
  })
  await page.route('**/prometheus/api/v1/query_range**', () => undefined)
  await page.goto(`${ORIEL_URL}/explore/metrics?${RANGE}&q=up`)
  const startedMs = performance.now()
  const button = page.getByRole('button', { name: 'Cancel' })
  await button.waitFor({ timeout: 4_000 })
  const shownMs = Math.round(performance.now() - startedMs)
  if (await page.getByText('No series in this range').isVisible())
    throw new Error('it says that there is nothing while it still asks')
  await button.click()
  await page.getByText('Cancelled').waitFor({ timeout: 1_000 })
  if (aborted !== 1) throw new Error(`${aborted} requests aborted, wanted 1`)
  return `Cancel after ${shownMs} ms`
}

async function checkFailure(page: Page, service: string): Promise<void> {
  let isBroken = true
  await page.route('**/loki/api/v1/query_range**', (route) =>
    isBroken ? route.fulfill({ status: 500, contentType: 'text/plain', body: 'the disk is on fire' }) : route.continue(),
  )
  await page.goto(`${ORIEL_URL}/services/${service}?${RANGE}`)
  const panel = page.locator('section[aria-label="Logs"]')
  await panel.getByText('the disk is on fire').waitFor()
  await page.locator('section[aria-label="Errors"] canvas').waitFor()
  isBroken = false
  await panel.getByRole('button', { name: 'Retry' }).click()
  await panel.locator('[aria-expanded]').first().waitFor()
}

async function checkZoom(page: Page, service: string): Promise<void> {
  await page.goto(`${ORIEL_URL}/services/${service}?${RANGE}`)
  const plot = page.locator('section[aria-label="Requests"] .u-over')
  await plot.waitFor()
  await settle(page)
  const box = await plot.boundingBox()
  if (box === null) throw new Error('the chart has no place on screen')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * 0.4, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 })
  await page.mouse.up()
  await page.waitForURL(/from=\d{13}&to=\d{13}/)
  const { searchParams } = new URL(page.url())
  const lengthMs = Number(searchParams.get('to')) - Number(searchParams.get('from'))
  if (Math.abs(lengthMs - 0.3 * 15 * 60_000) > 60_000) throw new Error(`zoomed to ${lengthMs} ms, wanted about 270000`)
  await page.goBack()
  await page.waitForURL(/from=now-15m/)
}

async function checkUrl(browser: Browser, page: Page): Promise<string> {
  await page.goto(`${ORIEL_URL}/services?${RANGE}&sort=-p95&find=e`)
  await settle(page)
  const there = await namesOn(page)
  const other = await openPage(browser, 'dark')
  await other.page.goto(page.url())
  await settle(other.page)
  const here = await namesOn(other.page)
  await other.context.close()
  if (there.length === 0 || there.toSorted().join() !== here.toSorted().join())
    throw new Error(`${there.join()} became ${here.join()}`)
  return `${here.length} rows`
}

function namesOn(page: Page): Promise<string[]> {
  return page.locator('table[aria-label="Services"] tbody tr td:first-child').allInnerTexts()
}

async function checkKeyboard(page: Page, service: string): Promise<void> {
  await page.goto(`${ORIEL_URL}/services?${RANGE}`)
  await settle(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('textbox', { name: 'Search' }).waitFor()
  await page.keyboard.type(service)
  await page.getByRole('button', { name: service, exact: true }).first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/services/${service}**`)
  await page.waitForTimeout(300)
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await page.waitForURL('**/logs?**')
  await page.locator('.cm-content').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.type(`{service_name="${service}"`)
  await page.keyboard.press('Control+Enter')
  await page.waitForURL(/q=/)
  const first = page.locator('section[aria-label="Lines"] button[aria-expanded]').first()
  await first.waitFor()
  // Out of the editor: single keys belong to the list again.
  await page.locator('section[aria-label="Lines"] h2').click()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.locator('section[aria-label="Lines"] button[aria-expanded=true]').waitFor()
  await page.keyboard.press('t')
  await page.keyboard.press('z')
  await page.waitForURL(/from=now-30m/)
}

async function checkTraceKeys(page: Page, service: string): Promise<string> {
  await page.goto(`${ORIEL_URL}/services/${service}?${RANGE}`)
  await page.locator('section[aria-label="Recent errors"] a[href*="sel=span"]').first().click()
  const selected = page.locator('[role=treeitem][aria-selected=true]')
  await selected.waitFor()
  const rows = await page.locator('[role=treeitem]').count()
  await page.keyboard.press('n')
  await page.locator('[role=treeitem][aria-selected=true]:has([aria-label="failed"])').waitFor()
  await page.keyboard.press('[')
  await page.waitForFunction(`document.querySelectorAll('[role=treeitem]').length < ${rows}`)
  await page.keyboard.press(']')
  await page.waitForFunction(`document.querySelectorAll('[role=treeitem]').length === ${rows}`)
  await page.keyboard.press('C')
  await page.locator('button[aria-pressed=true]:has-text("Critical path")').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL((url) => !url.searchParams.has('sel'))
  return `${rows} spans`
}
