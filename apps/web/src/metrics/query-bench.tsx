import { Compass, Plus, TextQuote } from 'lucide-react'
import type { ReactNode } from 'react'
import { RunButton, useLanguage } from '../editor/query-editor.tsx'
import { SmallButton } from '../frame/buttons.tsx'
import { Choice } from '../frame/choice.tsx'
import { Panel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import styles from './bench.module.css'
import type { BenchQuery } from './bench-queries.ts'
import { MAX_QUERIES, printStep, readStep } from './bench-queries.ts'
import { ChartView, TableView, useRangeResults, useInstantResults } from './bench-results.tsx'
import { ExplainPanel } from './explain-panel.tsx'
import { HeatmapPanel } from './heatmap-panel.tsx'
import { metricOf, printFilter } from './metric-query.ts'
import type { RowAnswer } from './query-row.tsx'
import { QueryRow } from './query-row.tsx'
import type { Drafts } from './use-drafts.ts'
import { useDrafts } from './use-drafts.ts'

const VIEWS = [
  ['', 'Chart'],
  ['table', 'Table'],
  ['heatmap', 'Heatmap'],
  ['explain', 'Explain'],
] as const

/** PromQL by hand: one query or several, their answers as a chart, a table, a heatmap, or the way to them. */
export function QueryBench(): ReactNode {
  const { view = '', step } = useAppSearch()
  const drafts = useDrafts()
  const stepMs = readStep(step)
  const shown = drafts.queries.filter(({ text, isHidden }) => text !== '' && !isHidden)
  const ranges = useRangeResults(view === '' ? shown : [], stepMs)
  const instants = useInstantResults(view === 'table' ? shown : [])
  const answers = view === 'table' ? instants.map(({ letter, summary }) => ({ letter, summary })) : ranges
  return (
    <>
      <Editors drafts={drafts} answers={new Map(answers.map(({ letter, summary }) => [letter, summary]))} />
      <Toolbar drafts={drafts} stepMs={ranges[0]?.answer.data?.stepMs} />
      {shown.length === 0 && <Nothing hasHidden={drafts.queries.some(({ isHidden }) => isHidden)} />}
      {view === '' && shown.length > 0 && <ChartView results={ranges} isOnly={shown.length === 1} />}
      {view === 'table' && <TableView results={instants} isOnly={shown.length === 1} />}
      {(view === 'heatmap' || view === 'explain') && <OneView queries={shown} view={view} stepMs={stepMs} />}
    </>
  )
}

interface OneViewProps {
  readonly queries: readonly BenchQuery[]
  readonly view: 'heatmap' | 'explain'
  readonly stepMs: number | undefined
}

/** A heatmap or a tree is of one query: the one that was chosen, else the first. */
function OneView({ queries, view, stepMs }: OneViewProps): ReactNode {
  const { sel } = useAppSearch()
  const one = queries.find(({ letter }) => letter === sel) ?? queries[0]
  if (one === undefined) return null
  return (
    <>
      {queries.length > 1 && <OneOf queries={queries} chosen={one.letter} />}
      {view === 'heatmap' ? <HeatmapPanel query={one.text} stepMs={stepMs} /> : <ExplainPanel query={one.text} stepMs={stepMs} />}
    </>
  )
}

function Editors({
  drafts,
  answers,
}: {
  readonly drafts: Drafts
  readonly answers: ReadonlyMap<string, Answer<RowAnswer>>
}): ReactNode {
  return (
    <div className={styles['queries']}>
      {drafts.drafts.map((draft, i) => (
        <QueryRow
          key={draft.letter}
          draft={draft}
          ranText={drafts.queries[i]?.text ?? ''}
          answer={answers.get(draft.letter)}
          isOnly={drafts.drafts.length === 1}
          onText={(text) => drafts.setText(i, text)}
          onRun={drafts.run}
          onToggle={() => drafts.toggle(i)}
          onRemove={() => drafts.remove(i)}
        />
      ))}
    </div>
  )
}

function Toolbar({ drafts, stepMs }: { readonly drafts: Drafts; readonly stepMs: number | undefined }): ReactNode {
  const { view = '' } = useAppSearch()
  const patch = usePatchSearch()
  return (
    <div className={styles['toolbar']}>
      <Choice label="View" options={VIEWS} value={view} onChange={(next) => patch({ view: next, sel: undefined })} />
      {view !== 'table' && <StepField stepMs={stepMs} />}
      <div className={styles['tools']}>
        <BackToExplore queries={drafts.queries} />
        <FormatButton drafts={drafts} />
        {drafts.drafts.length < MAX_QUERIES && (
          <SmallButton onClick={drafts.add}>
            <Plus size={13} />
            Query
          </SmallButton>
        )}
        <RunButton onRun={drafts.run} />
      </div>
    </div>
  )
}

/** The step of range queries: empty for one that suits the range. */
function StepField({ stepMs }: { readonly stepMs: number | undefined }): ReactNode {
  const { step = '' } = useAppSearch()
  const patch = usePatchSearch()
  const isBad = step !== '' && readStep(step) === undefined
  return (
    <label className={styles['step']}>
      Step
      <input
        key={step}
        defaultValue={step}
        list="steps"
        size={10}
        placeholder={stepMs === undefined ? 'auto' : `auto (${printStep(stepMs)})`}
        aria-invalid={isBad}
        title={
          isBad ? 'A number and a unit: 15s, 1m, 1h' : 'How far apart the points are; empty for as many as the chart has room for'
        }
        onBlur={(event) => patch({ step: event.currentTarget.value.trim() })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') patch({ step: event.currentTarget.value.trim() })
        }}
      />
      <datalist id="steps">
        {['15s', '30s', '1m', '5m', '15m', '1h'].map((text) => (
          <option key={text} value={text} />
        ))}
      </datalist>
    </label>
  )
}

/** Back to the metric without a query, with the filters that the query has now. */
function BackToExplore({ queries }: { readonly queries: readonly BenchQuery[] }): ReactNode {
  const { metric } = useAppSearch()
  const patch = usePatchSearch()
  const found = metricOf(queries[0]?.text ?? '')
  const name = found?.name ?? metric
  if (name === undefined) return null
  const filters = found?.filters.filter(({ name: label }) => label !== 'le').map(printFilter)
  const leave = (): void =>
    patch({
      metric: name,
      q: undefined,
      more: undefined,
      hide: undefined,
      view: undefined,
      ...(name !== metric && { by: undefined, fn: undefined }),
      ...(filters !== undefined && { f: filters.length === 0 ? undefined : filters }),
    })
  return (
    <SmallButton onClick={leave} title={`Explore ${name} without a query`} data-testid="back-to-explore">
      <Compass size={13} />
      Explore metric
    </SmallButton>
  )
}

function FormatButton({ drafts }: { readonly drafts: Drafts }): ReactNode {
  const language = useLanguage('promql')
  const texts = drafts.drafts.map(({ text }) => text)
  const better =
    language?.format === undefined ? undefined : texts.map((text) => (text.trim() === '' ? text : language.format?.(text)))
  const canFormat = better?.every((text) => text !== undefined) === true && texts.some((text) => text.trim() !== '')
  const format = (): void => drafts.setTexts(texts.map((text, i) => better?.[i] ?? text))
  return (
    <SmallButton
      onClick={format}
      disabled={!canFormat}
      title={canFormat ? 'Lay the text out  Shift Alt F' : 'What has an error cannot be laid out'}
    >
      <TextQuote size={13} />
      Format
    </SmallButton>
  )
}

function OneOf({ queries, chosen }: { readonly queries: readonly BenchQuery[]; readonly chosen: string }): ReactNode {
  const patch = usePatchSearch()
  return (
    <div className={styles['oneOf']}>
      <span className="muted">Of query</span>
      <Choice
        label="Of query"
        options={queries.map(({ letter }) => [letter, letter] as const)}
        value={chosen}
        onChange={(letter) => patch({ sel: letter })}
      />
    </div>
  )
}

function Nothing({ hasHidden }: { readonly hasHidden: boolean }): ReactNode {
  return (
    <Panel label="Result">
      {hasHidden ? (
        <Empty title="All queries are hidden">The eye beside a query brings it back.</Empty>
      ) : (
        <Empty title="Pick a metric, or write a query">
          The list knows every metric that has samples in this range. Ctrl Enter runs what you write.
        </Empty>
      )}
    </Panel>
  )
}
