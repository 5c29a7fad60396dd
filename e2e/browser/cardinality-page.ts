import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { findViolations, openBrowser, openPage, SCHEMES, SCREENS_DIR, settle } from './browser.ts'
import type { Report } from './report.ts'

/** What the page must find: the metric that exploded, by which label. */
export interface Culprit {
  readonly url: string
  readonly metric: string
  readonly label: string
}

/** The page names the culprit, takes it apart, previews the rule, puts it in force, takes it back and puts it in force again. */
export async function checkCardinalityPage(report: Report, { url, metric, label }: Culprit): Promise<void> {
  const browser = await openBrowser()
  try {
    for (const scheme of SCHEMES) {
      const { page, context, problems } = await openPage(browser, scheme, { origin: url })
      const look = (name: string): Promise<void> => audit(page, `${name}-${scheme}`)
      await report.step(`${scheme}: the page names the culprit`, async () => {
        await page.goto(`${url}/cardinality?from=now-1h&to=now&refresh=off`)
        await settle(page)
        const first = page.locator('table[aria-label="Metrics"] tbody tr').first()
        await first.getByText(metric).waitFor()
        // The first scheme's rule is in force when the second one looks.
        await first.getByText(scheme === SCHEMES[0] ? `past its budget: ${label}` : 'ruled').waitFor()
        await look('cardinality')
        await first.getByRole('link').first().click()
        await page.waitForURL(/metric=/)
        await settle(page)
        await page.getByRole('list', { name: 'Labels' }).getByText(label).waitFor()
        await look('cardinality-metric')
        return (await first.innerText()).replaceAll(/\s+/g, ' ')
      })
      if (scheme === SCHEMES[0])
        await report.step('a rule is previewed and put in force', async () => {
          await page.getByRole('button', { name: `Drop label ${label} …` }).click()
          const maker = page.getByRole('group', { name: 'New rule' })
          await maker.getByText('series become').waitFor()
          const saving = await maker.locator('p').innerText()
          await look('cardinality-rule')
          await maker.getByRole('button', { name: 'Put in force' }).click()
          await rulesOn(page).getByText(`Drop ${label} of ${metric}`).waitFor()
          return saving
        })
      else
        await report.step('a rule is taken back, and that undone', async () => {
          await look('cardinality-ruled')
          await rulesOn(page).getByRole('button', { name: 'Take back' }).click()
          await rulesOn(page).getByText('Taken back').waitFor()
          await rulesOn(page).getByRole('button', { name: 'Undo' }).click()
          await rulesOn(page).getByRole('button', { name: 'Take back' }).waitFor()
        })
      await report.step(`${scheme}: empty, failing and narrow`, async () => {
        await page.goto(`${url}/cardinality?from=1000000000000&to=1000003600000&refresh=off`)
        await settle(page)
        await page.getByText('No series in this range').first().waitFor()
        await look('cardinality-empty')
        await page.route('**/api/oriel/cardinality?**', (route) => route.fulfill({ status: 500, body: 'the disk is on fire' }))
        await page.goto(`${url}/cardinality?from=now-1h&to=now&refresh=off`)
        await page.getByText('the disk is on fire').first().waitFor()
        await look('cardinality-error')
      })
      const real = problems.filter((problem) => !problem.includes('status of 500'))
      report.check(`${scheme}: no console error`, real.length === 0, real.join(' | '))
      await context.close()
    }
  } finally {
    await browser.close()
  }
}

function rulesOn(page: Page): Locator {
  return page.locator('section[aria-label="Rules in force"]')
}

async function audit(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(200)
  await page.screenshot({ path: join(SCREENS_DIR, `${name}.png`) })
  const violations = await findViolations(page)
  if (violations.length > 0) throw new Error(violations.join(' | '))
}
