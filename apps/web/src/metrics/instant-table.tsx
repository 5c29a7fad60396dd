import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo, useRef, useState } from 'react'
import type { PromInstant, PromSample } from '../data/prometheus.ts'
import { printSeries } from '../data/prometheus.ts'
import { formatCount, formatDateTime } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import type { Answer } from '../frame/use-answer.ts'
import table from '../style/table.module.css'
import { BucketDrawing } from './bucket-drawing.tsx'
import { labelColumns, sortSamples } from './instant-rows.ts'
import styles from './metrics.module.css'
import { formatOf } from './value-format.ts'

interface InstantTableProps {
  readonly title: string
  readonly query: string
  readonly answer: Answer<PromInstant>
}

// A dense row of table.module.css with its border.
const ROW_PX = 32

/** An instant query's answer: a column a label, the value, and a small drawing of a native histogram's buckets. */
export function InstantTable({ title, query, answer }: InstantTableProps): ReactNode {
  const { data } = answer
  return (
    <AnswerPanel
      title={title}
      note={
        data === undefined ? undefined : `${formatCount(data.samples.length)} series at ${formatDateTime(data.tMs).slice(0, -4)}`
      }
      answer={answer}
      query={query}
      minHeight={160}
      empty={({ kind, samples }) =>
        samples.length === 0 && kind !== 'string' ? (
          <Empty title="No series at this time">The query is fine; nothing that it asks for has a sample here.</Empty>
        ) : undefined
      }
    >
      {(found) =>
        found.kind === 'string' ? <p className={styles['text']}>{found.text}</p> : <Samples answer={found} query={query} />
      }
    </AnswerPanel>
  )
}

function Samples({ answer, query }: { readonly answer: PromInstant; readonly query: string }): ReactNode {
  const [sort, setSort] = useState('')
  const columns = useMemo(() => labelColumns(answer.samples), [answer.samples])
  const rows = useMemo(() => sortSamples(answer.samples, sort), [answer.samples, sort])
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const abovePx = items[0]?.start ?? 0
  const belowPx = virtual.getTotalSize() - (items.at(-1)?.end ?? 0)
  const names = columns ?? ['series']
  return (
    <div ref={scroller} className={`${styles['instant']} scroll-thin`} tabIndex={0} role="group" aria-label="Samples">
      <table className={`${table['table']} ${table['dense']}`} aria-label="Samples" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {names.map((name) => (
              <Head key={name} name={name} sort={sort} onSort={setSort} />
            ))}
            <Head name="value" sort={sort} onSort={setSort} isNumber />
          </tr>
        </thead>
        <tbody>
          {abovePx > 0 && <tr aria-hidden style={{ height: abovePx }} />}
          {items.map(({ index }) => (
            <Row key={index} index={index} sample={rows[index]!} columns={columns} query={query} />
          ))}
          {belowPx > 0 && <tr aria-hidden style={{ height: belowPx }} />}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly index: number
  readonly sample: PromSample
  readonly columns: readonly string[] | undefined
  readonly query: string
}

function Row({ index, sample, columns, query }: RowProps): ReactNode {
  const { labels } = sample
  return (
    <tr aria-rowindex={index + 2}>
      {columns === undefined ? (
        <td className={`mono ${table['clip']}`} title={printSeries(labels)}>
          {printSeries(labels)}
        </td>
      ) : (
        columns.map((name) => (
          <td key={name} className={`mono ${table['clip']}`} title={labels[name]}>
            {labels[name] ?? <span className="muted">–</span>}
          </td>
        ))
      )}
      <td className={`${table['right']} num`}>
        <Value sample={sample} query={query} />
      </td>
    </tr>
  )
}

function Value({ sample, query }: { readonly sample: PromSample; readonly query: string }): ReactNode {
  const { value, histogram, points } = sample
  if (histogram !== undefined) return <BucketDrawing histogram={histogram} format={formatOf(`histogram_quantile(0, ${query})`)} />
  if (points !== undefined) return <span>{formatCount(points.length)} samples</span>
  if (value === undefined) return '–'
  // The whole number, as the API gave it: a table is where exact values are read.
  return <span title={formatOf(query)(value)}>{String(value)}</span>
}

interface HeadProps {
  readonly name: string
  readonly sort: string
  readonly onSort: (sort: string) => void
  readonly isNumber?: boolean
}

function Head({ name, sort, onSort, isNumber = false }: HeadProps): ReactNode {
  const isUp = sort === name
  const isDown = sort === `-${name}`
  return (
    <th
      scope="col"
      className={isNumber ? table['right'] : undefined}
      aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}
    >
      <button type="button" onClick={() => onSort(isDown || (!isUp && !isNumber) ? name : `-${name}`)}>
        {name}
        {isUp && <ArrowUp size={12} aria-hidden />}
        {isDown && <ArrowDown size={12} aria-hidden />}
      </button>
    </th>
  )
}
