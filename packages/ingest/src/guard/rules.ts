import type { StateEntry, StateStore } from '@oriel/store'
import { StoreError } from '@oriel/store'
import type { CardinalityGuard } from './cardinality.ts'
import type { RuleText } from './rule-text.ts'
import { parseRule, readRule } from './rule-text.ts'

/** A rule in force, or a version of one. */
export interface StoredRule extends RuleText {
  readonly id: string
  readonly version: number
  readonly author: string
  readonly atMs: number
  readonly isDeleted: boolean
}

/** The rules about series of all tenants: kept in our state, put in force by the guard as they change. */
export interface SeriesRules {
  /** Puts what is stored in force. */
  load(): Promise<void>
  list(tenant: string): Promise<StoredRule[]>
  history(tenant: string, id: string): Promise<StoredRule[]>
  /** Sets a rule. Rejects with INGEST_BAD_RULE, MODEL_BAD_REGEX. */
  put(tenant: string, id: string, change: { readonly rule: RuleText; readonly author: string }): Promise<StoredRule>
  /** Takes a rule back. Rejects with STORE_NOT_FOUND where there is none. */
  remove(tenant: string, id: string, author: string): Promise<StoredRule>
  /** Returns to the version before the newest, which may be that there was no rule. Rejects with STORE_NOT_FOUND. */
  undo(tenant: string, id: string, author: string): Promise<StoredRule>
}

const KIND = 'series-rule'

/** Opens the rules over our state. */
export function openSeriesRules(state: StateStore, guard: CardinalityGuard): SeriesRules {
  const list = async (tenant: string): Promise<StoredRule[]> => (await state.list(KIND, tenant)).map(ruleOfEntry)
  const apply = async (tenant: string): Promise<void> => {
    const rules = await list(tenant)
    guard.setRules(
      tenant,
      rules.map((rule) => readRule(rule.id, rule)),
    )
  }
  const change = async (
    tenant: string,
    id: string,
    { author, rule }: { author: string; rule?: RuleText },
  ): Promise<StoredRule> => {
    if (rule !== undefined) readRule(id, rule)
    const body = rule === undefined ? {} : { body: JSON.stringify(textOf(rule)) }
    const entry = await state.put({ tenant, kind: KIND, id, author, ...body })
    await apply(tenant)
    return ruleOfEntry(entry)
  }
  return {
    async load() {
      const tenants = new Set((await state.list(KIND)).map(({ tenant }) => tenant))
      await Promise.all([...tenants].map(apply))
    },
    list,
    history: async (tenant, id) => (await state.history(tenant, KIND, id)).map(ruleOfEntry),
    put: change,
    async remove(tenant, id, author) {
      const [newest] = await state.history(tenant, KIND, id)
      if (newest === undefined || newest.isDeleted) throw unknown(id)
      return change(tenant, id, { author })
    },
    async undo(tenant, id, author) {
      const [newest, before] = await state.history(tenant, KIND, id)
      if (newest === undefined) throw unknown(id)
      if (before === undefined || before.isDeleted) return change(tenant, id, { author })
      return change(tenant, id, { author, rule: parseRule(id, before.body) })
    },
  }
}

function unknown(id: string): StoreError {
  return new StoreError('STORE_NOT_FOUND', `cannot find rule ${JSON.stringify(id)}`)
}

const NOTHING: RuleText = { action: 'drop', metric: '', isPattern: false, labels: [] }

function ruleOfEntry({ id, version, author, atMs, isDeleted, body }: StateEntry): StoredRule {
  return { ...(isDeleted ? NOTHING : parseRule(id, body)), id, version, author, atMs, isDeleted }
}

function textOf({ action, metric, isPattern, labels }: RuleText): RuleText {
  return { action, metric, isPattern, labels }
}
