import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { RuleGroup } from '../data/rules.ts'
import { loadRules } from '../data/rules.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { Choice } from '../frame/choice.tsx'
import { SearchField } from '../frame/field.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import page from '../style/page.module.css'
import { RuleGroupPanel } from './rule-group.tsx'
import type { RuleCounts, RuleFilter } from './rule-filter.ts'
import { countRules, filterGroups } from './rule-filter.ts'
import styles from './rules.module.css'

// 5 s: the shortest interval at which anybody evaluates rules.
const POLL_MS = 5_000
// Groups that a browser lays out without a pause; a filter narrows what is beyond.
const MAX_GROUPS = 60

const TYPES = [
  ['', 'All'],
  ['alerting', 'Alerting'],
  ['recording', 'Recording'],
] as const

/** Rule groups with the state, health and cost of their rules. */
export function RulesScreen(): ReactNode {
  const { find = '', view = '', status = '' } = useAppSearch()
  const patch = usePatchSearch()
  const answer = useFixedAnswer(['rules'], loadRules, { everyMs: POLL_MS })
  const filter = useMemo(() => ({ type: view, state: status, find }), [view, status, find])
  const counts = useMemo(() => countRules(answer.data ?? []), [answer.data])
  return (
    <div className={page['page']}>
      <div className={page['head']}>
        <h1 className={page['h1']}>Rules</h1>
        <Choice label="Type" options={TYPES} value={view} onChange={(type) => patch({ view: type })} />
        <Choice label="State" options={stateOptions(counts)} value={status} onChange={(state) => patch({ status: state })} />
        <SearchField
          className={page['find']}
          label="Find rules"
          value={find}
          onChange={(text) => patch({ find: text }, { replace: true })}
          isMain
        />
      </div>
      <AnswerPanel
        label="Rule groups"
        className={styles['plain']}
        answer={answer}
        minHeight={240}
        empty={(groups) => (groups.length === 0 ? <NoRules /> : undefined)}
      >
        {(groups) => <Groups groups={groups} filter={filter} />}
      </AnswerPanel>
    </div>
  )
}

function stateOptions({ rules, firing, pending, failing }: RuleCounts): readonly (readonly [string, string])[] {
  const named = (value: string, name: string, count: number) => [value, `${name} ${formatCount(count)}`] as const
  return [
    named('', 'All', rules),
    named('firing', 'Firing', firing),
    named('pending', 'Pending', pending),
    named('failing', 'Failing', failing),
  ]
}

function Groups({ groups, filter }: { readonly groups: readonly RuleGroup[]; readonly filter: RuleFilter }): ReactNode {
  const patch = usePatchSearch()
  const shown = useMemo(() => filterGroups(groups, filter), [groups, filter])
  if (shown.length === 0) {
    return (
      <Empty title="No rule matches the filter">
        <SmallButton onClick={() => patch({ status: undefined, view: undefined, find: undefined })}>Clear the filter</SmallButton>
      </Empty>
    )
  }
  return (
    <div className={styles['groups']}>
      {shown.slice(0, MAX_GROUPS).map((group) => (
        <RuleGroupPanel key={`${group.file} ${group.name}`} group={group} />
      ))}
      {shown.length > MAX_GROUPS && (
        <p className={styles['more']}>
          The first {MAX_GROUPS} of {formatCount(shown.length)} groups. A filter brings the others.
        </p>
      )}
    </div>
  )
}

function NoRules(): ReactNode {
  return (
    <Empty title="No rules yet">
      <p>
        Rule files in Prometheus's format are loaded from <code>rules</code> of oriel.yaml and from <code>rule_files</code> of a
        prometheus.yml.
      </p>
      <pre className={styles['example']}>{EXAMPLE}</pre>
    </Empty>
  )
}

const EXAMPLE = `rules: [rules/*.yml]
# or
prometheus: prometheus.yml`
