import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startOriel } from '../oriel.ts'
import { SCHEMES, findViolations, openPage, settle, takeScreenshot } from './browser.ts'
import type { Scheme } from './browser.ts'
import type { Report } from './report.ts'

/** Targets of its own, good and bad: the screen shows their state, why, how labels came about, and what a target says. */
export async function checkTargets(browser: Browser, report: Report): Promise<void> {
  const exporter = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('# TYPE shop_orders_total counter\nshop_orders_total 5\n')
  })
  await new Promise<void>((resolve) => {
    exporter.listen(0, '127.0.0.1', resolve)
  })
  const address = exporter.address()
  const dir = mkdtempSync(join(tmpdir(), 'oriel-targets-'))
  writeFileSync(join(dir, 'prometheus.yml'), configuration(typeof address === 'object' && address !== null ? address.port : 0))
  writeFileSync(join(dir, 'oriel.yaml'), `prometheus: ${join(dir, 'prometheus.yml')}\n`)
  const oriel = await startOriel({ args: ['--config', join(dir, 'oriel.yaml')] })
  try {
    for (const scheme of SCHEMES)
      await report.step(`${scheme}: targets with their states, rules and bodies, axe clean`, () =>
        walk(browser, oriel.http, scheme),
      )
  } finally {
    await oriel.close()
    exporter.closeAllConnections()
    exporter.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function walk(browser: Browser, origin: string, scheme: Scheme): Promise<void> {
  const { page, context, problems } = await openPage(browser, scheme, { origin })
  await page.goto(`${origin}/targets`)
  const shop = page.getByRole('region', { name: 'shop' })
  await shop.getByText('2 of 2 up, 1 dropped by rules').waitFor({ timeout: 15_000 })
  await page.getByText('ECONNREFUSED').first().waitFor()
  await settle(page)
  await takeScreenshot(page, `targets-${scheme}`)
  await shop.getByRole('button', { expanded: false }).first().click()
  await shop.getByText('team').first().waitFor()
  await shop.getByText('changes nothing').first().waitFor()
  await shop.getByRole('button', { name: 'Ask it' }).click()
  await shop.getByText('shop_orders_total 5').waitFor()
  await settle(page)
  await takeScreenshot(page, `targets-open-${scheme}`)
  const violations = await findViolations(page)
  await page.getByRole('button', { name: 'Dropped' }).click()
  await shop.getByRole('button', { expanded: false }).first().click()
  await shop.getByText('drops the target').waitFor()
  await settle(page)
  await takeScreenshot(page, `targets-dropped-${scheme}`)
  violations.push(...(await findViolations(page)), ...problems)
  await page.goto(`${origin}/targets?find=nothing-has-this`)
  await page.getByText('No target matches the filter').first().waitFor()
  await context.close()
  if (violations.length > 0) throw new Error(violations.join(' | '))
}

function configuration(port: number): string {
  return `
global: { scrape_interval: 1s, scrape_timeout: 500ms }
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ['127.0.0.1:${port}', 'localhost:${port}', 'retired:9']
        labels: { __meta_owner: payments, env: prod }
    relabel_configs:
      - { source_labels: [__address__], regex: 'retired.*', action: drop }
      - { source_labels: [__meta_owner], target_label: team, replacement: 'team-$1' }
      - { regex: no_such_label, action: labeldrop }
  - job_name: gone
    static_configs: [{ targets: ['127.0.0.1:1'] }]
`
}
