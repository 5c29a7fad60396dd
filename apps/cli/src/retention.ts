import { ask, dig, listOf, textOf } from './client.ts'
import type { Terminal } from './table.ts'
import { printTable } from './table.ts'

/** `oriel retention`: what the running server's configuration would delete now. Nothing is deleted by asking. */
export async function planRetention(
  options: { readonly url: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<string> {
  const text = await ask(options.url, 'api/oriel/retention', {})
  if (options.json === true) return `${text}\n`
  const answer: unknown = JSON.parse(text)
  const days = listOf(dig(answer, 'days')).map((day) => [
    'every tenant',
    'the whole day',
    dayOf(dig(day, 'dayMs')),
    textOf(dig(day, 'samples')),
  ])
  const expired = listOf(dig(answer, 'expired')).map((each) => [
    textOf(dig(each, 'tenant')),
    textOf(dig(each, 'match')) || 'all others',
    `before ${dayOf(dig(each, 'beforeMs'))}`,
    textOf(dig(each, 'samples')),
  ])
  if (days.length + expired.length === 0) return 'nothing is past its time\n'
  return printTable(['tenant', 'series', 'days', 'samples'], [...days, ...expired], terminal)
}

function dayOf(ms: unknown): string {
  return new Date(Number(textOf(ms))).toISOString().slice(0, 10)
}
