import { ScrollText, Waypoints } from 'lucide-react'
import type { ReactNode } from 'react'
import type { PromSeries } from '../data/prometheus.ts'
import { printSeries } from '../data/prometheus.ts'
import { Link } from '../frame/link.tsx'
import { linkTo, serviceOfLabels } from '../frame/link-to.ts'
import { seriesVariable } from '../frame/palette.ts'
import { useTime } from '../frame/use-time.ts'
import table from '../style/table.module.css'
import styles from './metrics.module.css'

interface SeriesTableProps {
  readonly series: readonly PromSeries[]
  /** The series shown alone, absent for all. */
  readonly alone: string | undefined
  readonly onAlone: (name: string | undefined) => void
  readonly format: (value: number) => string
}

/** Every series with its figures, and the way to the logs and traces of its service. */
export function SeriesTable({ series, alone, onAlone, format }: SeriesTableProps): ReactNode {
  return (
    <div className={`${styles['series']} scroll-thin`} tabIndex={0} role="group" aria-label="Series">
      <table className={`${table['table']} ${table['dense']}`} aria-label="Series">
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
          {series.map((one, i) => {
            const name = printSeries(one.labels)
            const figures = figuresOf(one.values)
            return (
              <tr key={name}>
                <td className={styles['seriesName']}>
                  <button
                    type="button"
                    aria-pressed={alone === name}
                    onClick={() => onAlone(alone === name ? undefined : name)}
                    title="Show this series alone"
                  >
                    <i style={{ background: seriesVariable(i) }} />
                    <span className="mono">{name}</span>
                  </button>
                </td>
                {figures.map((figure, column) => (
                  <td key={column} className={`${table['right']} num`}>
                    {figure === undefined ? '–' : format(figure)}
                  </td>
                ))}
                <td className={styles['pivots']}>
                  <Pivots labels={one.labels} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Pivots({ labels }: { readonly labels: Readonly<Record<string, string>> }): ReactNode {
  const { context } = useTime()
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
