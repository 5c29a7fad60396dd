import type { ExplainAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { explainQuery } from '../data/oriel.ts'
import { formatBytes, formatCount, formatDurationMs, formatNumber } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import table from '../style/table.module.css'
import styles from './bench.module.css'
import type { ExplainRow } from './explain-rows.ts'
import { explainRows, ownTimeOf } from './explain-rows.ts'

interface ExplainPanelProps {
  readonly query: string
  readonly stepMs: number | undefined
}

/** How a query is answered: its operators with their own time and what they answered. Runs the query. */
export function ExplainPanel({ query, stepMs }: ExplainPanelProps): ReactNode {
  const answer = useRangeAnswer(['explain', query, stepMs ?? 0], ({ range, signal }) =>
    explainQuery(query, { range, stepMs, signal }),
  )
  return (
    <AnswerPanel
      title="Explain"
      note={answer.data === undefined ? undefined : `${formatCount(answer.data.steps)} steps`}
      answer={answer}
      query={query}
      minHeight={200}
    >
      {(data) => (
        <>
          <Phases data={data} />
          <Tree data={data} query={query} />
        </>
      )}
    </AnswerPanel>
  )
}

/** Where the time went: waiting, reading, evaluating. */
function Phases({ data }: { readonly data: ExplainAnswer }): ReactNode {
  const { stats, readMs, queuedMs, elapsedMs, tree } = data
  const from = stats.rows > 0 ? `${formatCount(stats.rows)} rows, ${formatBytes(stats.bytes)} from the engine` : 'from memory'
  const phases = [
    { name: 'In the queue', ms: queuedMs, text: '' },
    { name: 'Reading', ms: readMs, text: `${formatCount(stats.series)} series, ${formatNumber(stats.samples)} samples, ${from}` },
    { name: 'Evaluating', ms: ownTimeOf(tree), text: '' },
  ]
  return (
    <dl className={styles['phases']}>
      {phases.map(({ name, ms, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num">
            <b>{formatDurationMs(ms)}</b> <span className="muted">{text}</span>
          </dd>
        </div>
      ))}
      <div>
        <dt>All</dt>
        <dd className="num">
          <b>{formatDurationMs(elapsedMs)}</b>
        </dd>
      </div>
    </dl>
  )
}

function Tree({ data, query }: { readonly data: ExplainAnswer; readonly query: string }): ReactNode {
  return (
    <div className={`${table['wrap']} scroll-thin`} tabIndex={0} role="group" aria-label="Operators">
      <table className={`${table['table']} ${table['dense']}`} aria-label="Operators">
        <thead>
          <tr>
            <th scope="col">Operator</th>
            <th scope="col">How</th>
            {['Own time', 'Series', 'Values', 'Samples read'].map((name) => (
              <th key={name} scope="col" className={table['right']}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {explainRows(data.tree).map((row, i) => (
            <Operator key={i} row={row} query={query} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const HOW_WORDS: Readonly<Record<ExplainRow['node']['how'], string>> = {
  evaluated: 'evaluated',
  read: 'read',
  engine: 'answered by the engine',
  within: 'within the operator above',
  constant: 'constant',
}

function Operator({ row, query }: { readonly row: ExplainRow; readonly query: string }): ReactNode {
  const { node, depth, share } = row
  const { name, how, span, ownMs, series, values, samples } = node
  return (
    <tr>
      <td
        className={styles['operator']}
        style={{ paddingLeft: 12 + depth * INDENT_PX }}
        title={query.slice(span.start, span.end)}
      >
        <span className="visually-hidden">level {depth + 1}: </span>
        <span className="mono">{name}</span>
      </td>
      <td className="muted">{HOW_WORDS[how]}</td>
      <td className={`${table['right']} num`}>
        {ownMs === undefined ? (
          <span className="muted">–</span>
        ) : (
          <span className={styles['own']}>
            <i style={{ width: Math.round(share * BAR_PX) }} />
            {formatDurationMs(ownMs)}
          </span>
        )}
      </td>
      {[series, values, samples].map((count, i) => (
        <td key={i} className={`${table['right']} num`}>
          {count === undefined ? <span className="muted">–</span> : formatCount(count)}
        </td>
      ))}
    </tr>
  )
}

const INDENT_PX = 18
const BAR_PX = 80
