import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'

/** Where the server under test is. */
export const ORIEL_URL: string = (process.env['ORIEL_URL'] ?? 'http://127.0.0.1:7070').replace(/\/$/, '')

/** Where screenshots go. */
export const SCREENS_DIR: string = process.env['ORIEL_SCREENS_DIR'] ?? 'e2e/screens'

export type Scheme = 'light' | 'dark'
export const SCHEMES: readonly Scheme[] = ['light', 'dark']

// A quiet browser: no GPU, and nothing of its own on the network, so that a foreign request is the page's.
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the system's browser (`ORIEL_CHROMIUM`, else Debian's chromium). */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['ORIEL_CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS })
}

/** A fresh profile's page that collects what must not happen: console errors, exceptions, requests to other hosts. */
export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Everything wrong so far, in words. */
  readonly problems: string[]
}

interface PageOptions {
  /** The one host that the page may talk to. */
  readonly origin?: string
}

/** Opens a page in a profile of its own. */
export async function openPage(browser: Browser, scheme: Scheme, { origin = ORIEL_URL }: PageOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: scheme })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${page.url()})`)
  })
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:')) problems.push(`foreign request: ${url}`)
  })
  return { page, context, problems }
}

/** Waits until every panel has its answer: nothing is busy any more. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(
    `document.querySelector('#main') !== null && document.querySelector('[aria-busy="true"]') === null`,
    undefined,
    {
      timeout: 15_000,
    },
  )
  // Two frames: canvases draw in the one after the answer.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/** Saves a picture of the page. */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENS_DIR, { recursive: true })
  await page.screenshot({ path: join(SCREENS_DIR, `${name}.png`), animations: 'disabled' })
}

interface AxeViolation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[]
}

const AXE_FILE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Accessibility violations of WCAG 2.0 to 2.2, levels A and AA, as one line each. */
export async function findViolations(page: Page): Promise<string[]> {
  const hasAxe: boolean = await page.evaluate('"axe" in window')
  if (!hasAxe) await page.addScriptTag({ path: AXE_FILE })
  const violations: readonly AxeViolation[] = await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((found) => found.violations)`,
  )
  return violations.map(({ id, help, nodes }) => {
    const places = nodes
      .slice(0, 4)
      .map(({ target, failureSummary = '' }) => `${target.join(' ')} (${failureSummary.split('\n')[1]?.trim() ?? ''})`)
    return `${id}: ${help}: ${nodes.length} places: ${places.join('; ')}`
  })
}
