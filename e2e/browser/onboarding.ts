import type { Browser } from 'playwright-core'
import { startOriel } from '../oriel.ts'
import { SCHEMES, findViolations, openPage, takeScreenshot } from './browser.ts'
import type { Report } from './report.ts'
import { seedStory } from './seed.ts'

// The page looks every 2 s; a first record must show within 5 s of its acknowledgement.
const FLIP_MS = 5_000

/** An empty store of its own: the page says how to send something to this very server, and gives way by itself when data comes. */
export async function checkOnboarding(browser: Browser, report: Report): Promise<void> {
  const oriel = await startOriel()
  try {
    for (const scheme of SCHEMES) {
      await report.step(`${scheme}: an empty store shows how to fill it, axe clean`, async () => {
        const { page, context, problems } = await openPage(browser, scheme, { origin: oriel.http })
        await page.goto(oriel.http)
        await page.getByText('Waiting for the first service').waitFor()
        const snippet = await page.locator('pre').innerText()
        if (!snippet.includes(oriel.otlpHttp)) throw new Error(`the snippet does not name ${oriel.otlpHttp}: ${snippet}`)
        await takeScreenshot(page, `onboarding-${scheme}`)
        const violations = [...(await findViolations(page)), ...problems]
        await context.close()
        if (violations.length > 0) throw new Error(violations.join(' | '))
      })
    }
    await report.step('the onboarding page turns into the services by itself', async () => {
      const { page, context } = await openPage(browser, 'light', { origin: oriel.http })
      await page.goto(oriel.http)
      await page.getByText('Waiting for the first service').waitFor()
      await seedStory(Date.now(), oriel.http)
      const sentMs = performance.now()
      await page.locator('a:text-is("e2e-payment")').waitFor({ timeout: FLIP_MS })
      const flippedMs = Math.round(performance.now() - sentMs)
      await context.close()
      return `${flippedMs} ms after the last acknowledgement`
    })
  } finally {
    await oriel.close()
  }
}
