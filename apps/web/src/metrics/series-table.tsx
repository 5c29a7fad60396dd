import { useVirtualizer } from '@tanstack/react-virtual'
import { ScrollText, Waypoints } from 'lucide-react'
import type { ReactNode } from 'react'
import { useRef } from 'react'
import { Link } from '../frame/link.tsx'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo, serviceOfLabels } from '../frame/link-to.ts'
import { seriesVariable } from '../frame/palette.ts'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import type { MatrixLine } from './merge.ts'
import styles from './metrics.module.css'

interface SeriesTableProps {
  readonly lines: readonly MatrixLine[]
  /** The series shown alone, absent for all. */
  readonly alone: string | undefined
  readonly onAlone: (name: string | undefined) => void
  readonly format: (value: number) => string
}

// A dense row of table.module.css with its border.
const ROW_PX = 32

/** Every series with its figures, and the way to the logs and traces of its service. Only the rows in view are drawn. */
export function SeriesTable({ lines, alone, onAlone, format }: SeriesTableProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  // Read once for all rows: each row that watched the URL by itself would cost a frame when many come into view.
  const { context } = useTime()
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  })
  const rows = virtual.getVirtualItems()
  const abovePx = rows[0]?.start ?? 0
  const belowPx = virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)
  return (
    <div ref={scroller} className={`${styles['series']} scroll-thin`} tabIndex={0} role="group" aria-label="Series">
      <table className={`${table['table']} ${table['dense']}`} aria-label="Series" aria-rowcount={lines.length + 1}>
        <thead>
          <tr>
            <th scope="col">Series</th>
            {['last', 'min', 'avg', 'max'].map((name) => (
              <th key={name} scope="col" className={table['right']}>
                {name}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">Links</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {abovePx > 0 && <tr aria-hidden style={{ height: abovePx }} />}
          {rows.map(({ index }) => {
            const line = lines[index]!
            return (
              <Row
                key={line.name}
                line={line}
                context={context}
                index={index}
                isAlone={alone === line.name}
                onAlone={() => onAlone(alone === line.name ? undefined : line.name)}
                format={format}
              />
            )
          })}
          {belowPx > 0 && <tr aria-hidden style={{ height: belowPx }} />}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly context: LinkContext
  readonly line: MatrixLine
  readonly index: number
  readonly isAlone: boolean
  readonly onAlone: () => void
  readonly format: (value: number) => string
}

function Row({ line, context, index, isAlone, onAlone, format }: RowProps): ReactNode {
  return (
    <tr aria-rowindex={index + 2}>
      <td className={styles['seriesName']}>
        <button type="button" aria-pressed={isAlone} onClick={onAlone} title={`${line.name}\n\nShow this series alone`}>
          <i style={{ background: seriesVariable(index) }} />
          <span className="mono">{line.name}</span>
        </button>
      </td>
      {figuresOf(line.values).map((figure, column) => (
        <td key={column} className={`${table['right']} num`}>
          {figure === undefined ? '–' : format(figure)}
        </td>
      ))}
      <td className={styles['pivots']}>
        <Pivots labels={line.labels} context={context} />
      </td>
    </tr>
  )
}

function Pivots({ labels, context }: { readonly labels: MatrixLine['labels']; readonly context: LinkContext }): ReactNode {
  const { service, dropped } = serviceOfLabels(labels)
  if (service === undefined) return null
  const note = dropped.length === 0 ? '' : ` (not carried along: ${dropped.join(', ')})`
  return (
    <>
      <Link
        href={linkTo({ kind: 'logs', service }, context)}
        title={`Logs of ${service}${note}`}
        aria-label={`Logs of ${service}`}
      >
        <ScrollText size={14} />
      </Link>
      <Link
        href={linkTo({ kind: 'traces', search: { service } }, context)}
        title={`Traces of ${service}${note}`}
        aria-label={`Traces of ${service}`}
      >
        <Waypoints size={14} />
      </Link>
    </>
  )
}

function figuresOf(values: readonly (number | null)[]): readonly (number | undefined)[] {
  let last: number | undefined
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    last = value
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    count++
  }
  return count === 0 ? [undefined, undefined, undefined, undefined] : [last, min, sum / count, max]
}
