import type { Browser, Page } from 'playwright-core'
import { ORIEL_URL, openPage, settle } from './browser.ts'
import type { Report } from './report.ts'
import { MANY_SERIES } from './seed-metrics.ts'

const RANGE = 'from=now-15m&to=now&refresh=off'
const METRICS = `${ORIEL_URL}/explore/metrics?${RANGE}`
const RATE = encodeURIComponent('rate(e2e_requests_total[5m])')

/** The metrics screens: exploring, the editor, several queries, histograms, and the list of queries. Wants what `seedMetrics` sent. */
export async function checkMetrics(browser: Browser, report: Report): Promise<void> {
  const run = (name: string, work: (page: Page) => Promise<string | void>): Promise<void> =>
    report.step(`metrics: ${name}`, async () => {
      const { page, context, problems } = await openPage(browser, 'light')
      try {
        const found = await work(page)
        const real = problems.filter((problem) => !problem.includes('status of 400'))
        if (real.length > 0) throw new Error(real.join(' | '))
        return found
      } finally {
        await context.close()
      }
    })
  await run('a metric is found, picked and broken down by the label that tells most', checkExplore)
  await run('from exploring into the editor and back, nothing is lost', checkThereAndBack)
  await run('the editor completes metrics, labels, values and durations', checkCompletion)
  await run('an error is underlined while it is typed, hovering explains, Format lays out', checkEditing)
  await run('a note of the server stands at its place, and leads there', checkNotes)
  await run('several queries share a chart; one that fails leaves the others', checkSeveral)
  await run('1,000 series stay smooth and say what is not drawn', checkMany)
  await run('native histograms have quantiles, a heatmap and buckets in the table', checkHistograms)
  await run('Explain tells operators with time, series and samples', checkExplain)
  await run('a running query is listed and stopped from the list', checkQueries)
}

async function checkExplore(page: Page): Promise<string> {
  await page.goto(METRICS)
  await page.getByRole('textbox', { name: 'Find a metric' }).fill('e2e requests')
  await page.getByRole('button', { name: /^e2e_requests_total/ }).click()
  await page.waitForURL(/metric=e2e_requests_total/)
  await page.getByText('Requests that the browser suite made up.').first().waitFor()
  await settle(page)
  const cards = page.locator('section[aria-label="Breakdown by label"] button')
  const order = await cards.evaluateAll((found) => found.map((card) => card.getAttribute('title')))
  if (!(order.indexOf('Break down by route') < order.indexOf('Break down by job')))
    throw new Error(`labels in the order ${order.join(', ')}`)
  await page.locator('button[title="Break down by route"]').click()
  await page.waitForURL(/by=route/)
  await page.getByRole('button', { name: 'Only /odd' }).click()
  await page.waitForURL(/f=route%7C%3D%7C%2Fodd|f=route\|=\|\/odd|f=route\|%3D\|\/odd/)
  await page.getByRole('button', { name: 'Remove the filter route = /odd' }).click()
  await page.waitForURL((url) => !url.searchParams.has('f'))
  const first = await page.locator('[aria-label="Values"] [role=group]').first().getAttribute('aria-label')
  if (first !== '/odd') throw new Error(`${first} is said to be the most different`)
  return order.join(', ')
}

async function checkThereAndBack(page: Page): Promise<void> {
  await page.goto(`${METRICS}&metric=e2e_requests_total&f=status|=|200&by=route&fn=increase`)
  await settle(page)
  const before = page.url()
  await page.getByTestId('edit-as-promql').click()
  await page.waitForURL(/q=/)
  const q = new URL(page.url()).searchParams.get('q')
  if (q !== 'sum by (route) (increase(e2e_requests_total{status="200"}[5m]))') throw new Error(`the query is ${q}`)
  await page.getByTestId('back-to-explore').click()
  await page.waitForURL((url) => !url.searchParams.has('q'))
  const after = new URL(page.url()).searchParams
  for (const [key, value] of new URL(before).searchParams) {
    if (after.get(key) !== value) throw new Error(`${key} was ${value} and is ${after.get(key)}`)
  }
  await page.goBack()
  await page.waitForURL(/q=/)
}

async function checkCompletion(page: Page): Promise<string> {
  await page.goto(METRICS)
  const editor = page.locator('.cm-content')
  await editor.click()
  await pickOption(page, 'e2e_req', 'e2e_requests_total')
  await pickOption(page, '{rou', 'route')
  await pickOption(page, '="/o', '/odd')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await pickOption(page, '[5', '5m')
  const text = await editor.innerText()
  if (text !== 'e2e_requests_total{route="/odd"}[5m]') throw new Error(`typed ${text}`)
  return text
}

async function pickOption(page: Page, typed: string, option: string): Promise<void> {
  await page.keyboard.type(typed, { delay: 30 })
  const shown = page.locator('.cm-tooltip-autocomplete li').filter({ hasText: option }).first()
  await shown.waitFor()
  await shown.click()
}

async function checkEditing(page: Page): Promise<void> {
  await page.goto(`${METRICS}&q=${encodeURIComponent('sum(rate(e2e_requests_total[5m]))by(route)')}`)
  await page.locator('.cm-content').click()
  await page.getByText('rate', { exact: true }).hover()
  await page.getByText("A counter's rise a second").waitFor()
  await page.getByRole('button', { name: 'Format' }).click()
  await page.waitForFunction(`document.querySelector('.cm-content').innerText.startsWith('sum by (route)')`)
  await page.locator('.cm-content').click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type(' +')
  await page.locator('.cm-lintRange-error').waitFor()
}

async function checkNotes(page: Page): Promise<string> {
  await page.goto(`${METRICS}&q=${encodeURIComponent('sum(rate(e2e_many[5m]))')}`)
  const note = page.getByRole('note').first()
  await note.waitFor()
  await page.locator('.cm-lintRange-info').waitFor()
  await note.getByRole('button').click()
  const isInEditor: boolean = await page.evaluate(`document.activeElement.classList.contains('cm-content')`)
  if (!isInEditor) throw new Error('the cursor is not in the editor')
  return (await note.innerText()).replaceAll('\n', ' ')
}

async function checkSeveral(page: Page): Promise<void> {
  await page.goto(`${METRICS}&q=${RATE}&more=${encodeURIComponent('sum(e2e_many)')}&more=${encodeURIComponent('sum(')}`)
  await page.getByText('unclosed left parenthesis').first().waitFor()
  await settle(page)
  const series = page.getByRole('table', { name: 'Series' })
  await series.getByText(/^A\s/).first().waitFor()
  await series.getByText(/^B\s/).first().waitFor()
  await page.getByRole('button', { name: 'Hide A' }).click()
  await page.waitForURL(/hide=A/)
  await settle(page)
  if ((await series.getByText(/^A\s/).count()) > 0) throw new Error('a hidden query is still drawn')
  await page.getByRole('button', { name: 'Remove C' }).click()
  await page.waitForURL((url) => url.searchParams.getAll('more').length === 1)
}

// 60 steps through the table of 1,000 rows: three frames of 16 ms is what still looks smooth on a software renderer. On a machine that is busy with other things the page's
// frames when nothing happens tell how busy: scrolling may take that many times longer.
const FRAME_BUDGET_MS = 48
const IDLE_FRAME_MS = 17

async function checkMany(page: Page): Promise<string> {
  await page.goto(`${METRICS}&q=e2e_many`)
  await page.getByText(`the first 200 of ${MANY_SERIES.toLocaleString('en')} series`).waitFor()
  await settle(page)
  const frames: unknown = await page.evaluate(`(async () => {
    const list = document.querySelector('[role=group][aria-label="Series"]')
    const frames = async (work) => {
      const times = []
      let last = performance.now()
      for (let i = 0; i < 60; i++) {
        work()
        await new Promise(requestAnimationFrame)
        times.push(performance.now() - last)
        last = performance.now()
      }
      return times.sort((a, b) => a - b)[57]
    }
    const idle = await frames(() => {})
    return [await frames(() => (list.scrollTop += 400)), list.querySelectorAll('tbody tr').length, idle]
  })()`)
  const [p95Ms = Infinity, rows = Infinity, idleMs = 0] = Array.isArray(frames) ? frames.map(Number) : []
  const budgetMs = FRAME_BUDGET_MS * Math.max(1, idleMs / IDLE_FRAME_MS)
  if (p95Ms > budgetMs || rows > 80)
    throw new Error(`95 % of frames within ${p95Ms.toFixed(0)} ms, allowed ${budgetMs.toFixed(0)}, ${rows} rows drawn`)
  return `95 % of frames within ${p95Ms.toFixed(0)} ms, ${rows} rows drawn`
}

async function checkHistograms(page: Page): Promise<void> {
  await page.goto(`${METRICS}&metric=e2e_latency_seconds`)
  await page.getByText('native histogram', { exact: true }).waitFor()
  await page.locator('section[aria-label="Chart"] canvas').waitFor()
  await page.getByRole('button', { name: 'heatmap' }).click()
  await page.getByRole('img', { name: /^Heatmap of \d+ buckets/ }).waitFor()
  await page.goto(`${METRICS}&q=e2e_latency_seconds&view=table`)
  await page
    .getByRole('img', { name: /^\d+ buckets/ })
    .first()
    .waitFor()
  await page.goto(`${METRICS}&q=e2e_latency_seconds`)
  await page.getByRole('group', { name: 'Histograms drawn as' }).getByText('p99').click()
  await page.waitForURL(/fn=p99/)
}

async function checkExplain(page: Page): Promise<string> {
  await page.goto(`${METRICS}&q=${encodeURIComponent('topk(2, sum by (route) (rate(e2e_requests_total[5m])))')}&view=explain`)
  const rows = page.getByRole('table', { name: 'Operators' }).getByRole('row')
  await rows.filter({ hasText: 'sum by (route)' }).first().waitFor()
  const read = await rows.filter({ hasText: 'e2e_requests_total[5m]' }).first().innerText()
  if (!/read|engine/.test(read)) throw new Error(`the selector says ${read}`)
  return (await rows.allInnerTexts()).slice(1).join(' / ').replaceAll(/\s+/g, ' ')
}

async function checkQueries(page: Page): Promise<string> {
  // Twenty seconds of small operators: the server can listen between any two.
  const first = 'sum(max_over_time(e2e_many[6h:10s]))'
  const body = new URLSearchParams({ query: Array.from({ length: 400 }, () => first).join(' + ') })
  const asked = fetch(`${ORIEL_URL}/prometheus/api/v1/query`, { method: 'POST', body }).then((response) => response.status)
  await page.goto(`${ORIEL_URL}/queries?from=now-15m&to=now`)
  const row = page.getByRole('table', { name: 'Running queries' }).getByRole('row').filter({ hasText: first })
  await row.getByRole('button', { name: /^Cancel/ }).click()
  const status = await asked
  const ended = page.getByRole('table', { name: 'Ended queries' }).getByRole('row').filter({ hasText: first }).first()
  await ended.getByText('cancelled').waitFor()
  return `answered with ${status}`
}
