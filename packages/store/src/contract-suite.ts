import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Fact } from './contract/fixtures.ts'
import { LOG_FACTS } from './contract/logs.ts'
import { METRIC_KEEPING_FACTS } from './contract/metrics-keeping.ts'
import { METRIC_FACTS } from './contract/metrics.ts'
import { SIZE_FACTS } from './contract/sizes.ts'
import { STATE_FACTS } from './contract/state.ts'
import { TRACE_FACTS } from './contract/traces.ts'
import type { Store } from './source.ts'

export { contextFor, logBlock, metricBlock, NOON_MS, NOON_NS, spanBlock, STALE } from './contract/fixtures.ts'
export type { TestRecord, TestSeries, TestSpan } from './contract/fixtures.ts'

/** A store that the suite may fill, and how to end it. */
export interface OpenedStore {
  readonly store: Store
  readonly close: () => Promise<void>
}

type Signal = 'metrics' | 'logs' | 'traces' | 'state'

const FACTS: Readonly<Record<Signal, readonly Fact[]>> = {
  metrics: [...METRIC_FACTS, ...METRIC_KEEPING_FACTS, ...SIZE_FACTS],
  logs: LOG_FACTS,
  traces: TRACE_FACTS,
  state: STATE_FACTS,
}

/**
 * Runs the facts of the store's contract against an implementation, inside vitest.
 *
 * The store is opened once for each signal, and each fact has a tenant of its own. `skip` names facts (by title) that the
 * implementation cannot hold, each with its reason.
 */
export function runStoreContract(
  name: string,
  openStore: () => Promise<OpenedStore>,
  {
    signals = ['metrics', 'logs', 'traces', 'state'],
    skip = {},
  }: { readonly signals?: readonly Signal[]; readonly skip?: Readonly<Record<string, string>> } = {},
): void {
  for (const signal of signals) {
    describe(`${name}: ${signal}`, () => {
      let opened: OpenedStore | undefined
      beforeAll(async () => {
        opened = await openStore()
      })
      afterAll(async () => {
        await opened?.close()
      })
      for (const [i, fact] of FACTS[signal].entries()) {
        const reason = skip[fact.title]
        if (reason === undefined) it(fact.title, () => runFact(fact, opened, `${signal}-${i}`))
        else it.skip(`${fact.title} (skipped: ${reason})`)
      }
    })
  }
}

async function runFact(fact: Fact, opened: OpenedStore | undefined, tenant: string): Promise<void> {
  if (opened === undefined) throw new Error('the store did not open')
  await fact.run({ store: opened.store, tenant })
}
