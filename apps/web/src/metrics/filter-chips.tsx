import { Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useId, useState } from 'react'
import { labelNames, labelValues } from '../data/prometheus.ts'
import { SmallButton } from '../frame/buttons.tsx'
import { Dropdown } from '../frame/dropdown.tsx'
import frame from '../frame/shell.module.css'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { usePatchSearch } from '../frame/use-search.ts'
import styles from './explore.module.css'
import type { LabelFilter } from './metric-query.ts'
import { FILTER_OPS, printFilter, printSelector } from './metric-query.ts'
import { useFilters } from './use-metric.ts'

/** The conditions on labels, each with a way to take it off, and one more. */
export function FilterChips({ metric }: { readonly metric: string }): ReactNode {
  const filters = useFilters()
  const setFilters = useSetFilters()
  const [isOpen, setOpen] = useState(false)
  return (
    <div className={styles['chips']} role="group" aria-label="Filters">
      {filters.map((filter) => (
        <span key={printFilter(filter)} className={`mono ${styles['chip']}`}>
          <span title={`${filter.name}${filter.op}"${filter.value}"`}>
            {filter.name} <b>{filter.op}</b> {filter.value || '""'}
          </span>
          <button
            type="button"
            aria-label={`Remove the filter ${filter.name} ${filter.op} ${filter.value}`}
            onClick={() => setFilters(filters.filter((one) => one !== filter))}
          >
            <X size={12} />
          </button>
        </span>
      ))}
      <div className={styles['adder']}>
        <SmallButton onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
          <Plus size={13} />
          Filter
        </SmallButton>
        {isOpen && (
          <Dropdown label="Add a filter" onClose={() => setOpen(false)}>
            <FilterForm
              metric={metric}
              onAdd={(filter) => {
                setFilters([...filters, filter])
                setOpen(false)
              }}
            />
          </Dropdown>
        )}
      </div>
    </div>
  )
}

/** Puts other filters in the URL; one condition twice is one. */
export function useSetFilters(): (filters: readonly LabelFilter[]) => void {
  const patch = usePatchSearch()
  return (filters) => patch({ f: filters.length === 0 ? undefined : [...new Set(filters.map(printFilter))] })
}

function FilterForm({ metric, onAdd }: { readonly metric: string; readonly onAdd: (filter: LabelFilter) => void }): ReactNode {
  const [name, setName] = useState('')
  const [op, setOp] = useState<LabelFilter['op']>('=')
  const [value, setValue] = useState('')
  const filters = useFilters()
  const selector = printSelector(metric, filters)
  const names = useRangeAnswer(['metric-labels', selector], ({ range, signal }) => labelNames(range, selector, signal))
  const values = useRangeAnswer(
    ['metric-label-values', selector, name],
    ({ range, signal }) => labelValues(name, { range, match: selector, signal }),
    { isEnabled: name !== '' },
  )
  const nameList = useId()
  const valueList = useId()
  return (
    <form
      className={styles['filterForm']}
      onSubmit={(event) => {
        event.preventDefault()
        if (name !== '') onAdd({ name, op, value })
      }}
    >
      <label className={frame['label']}>
        Label
        <input list={nameList} value={name} onChange={(event) => setName(event.currentTarget.value.trim())} autoComplete="off" />
      </label>
      <datalist id={nameList}>
        {(names.data ?? [])
          .filter((one) => one !== '__name__' && one !== 'le')
          .map((one) => (
            <option key={one} value={one} />
          ))}
      </datalist>
      <label className={frame['label']}>
        Is
        <select value={op} onChange={(event) => setOp(FILTER_OPS.find((one) => one === event.currentTarget.value) ?? '=')}>
          {FILTER_OPS.map((one) => (
            <option key={one} value={one}>
              {OP_WORDS[one]}
            </option>
          ))}
        </select>
      </label>
      <label className={frame['label']}>
        Value
        <input list={valueList} value={value} onChange={(event) => setValue(event.currentTarget.value)} autoComplete="off" />
      </label>
      <datalist id={valueList}>
        {(values.data ?? []).slice(0, MAX_VALUES).map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <button type="submit" className={frame['apply']} disabled={name === ''}>
        Add
      </button>
    </form>
  )
}

const OP_WORDS: Readonly<Record<LabelFilter['op'], string>> = {
  '=': '= is',
  '!=': '!= is not',
  '=~': '=~ matches',
  '!~': '!~ does not match',
}

// As many as a person scrolls through in a list of suggestions; typing narrows it.
const MAX_VALUES = 500
