import { Boxes, Waypoints, ZoomIn, ZoomOut } from 'lucide-react'
import type { ReactNode } from 'react'
import type { LogLine } from '../data/loki.ts'
import { CopyButton, IconButton } from '../frame/buttons.tsx'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { useTime } from '../frame/use-time.ts'
import { readLogText } from './log-text.ts'
import styles from './logs.module.css'

/** Narrows the query to lines with (or without) a value. */
export type OnFilter = (key: string, op: '=' | '!=', value: string) => void

/** An opened line: the line as it was sent, its fields, and where it leads. */
export function LogDetails({ line, onFilter }: { readonly line: LogLine; readonly onFilter?: OnFilter | undefined }): ReactNode {
  const { context } = useTime()
  const { service, traceId, spanId } = line
  return (
    <div className={styles['details']}>
      <div className={styles['actions']}>
        {traceId !== '' && (
          <Link className={styles['action']} href={linkTo({ kind: 'trace', traceId, ...(spanId !== '' && { spanId }) }, context)}>
            <Waypoints size={13} aria-hidden />
            Trace
          </Link>
        )}
        {service !== '' && (
          <Link className={styles['action']} href={linkTo({ kind: 'service', service }, context)}>
            <Boxes size={13} aria-hidden />
            {service}
          </Link>
        )}
        <CopyButton text={line.line} label="Copy line" />
        <CopyButton
          text={() => JSON.stringify({ time: line.tNs, line: line.line, labels: line.labels, fields: line.fields }, null, 2)}
          label="Copy all as JSON"
        />
      </div>
      <pre className={styles['raw']}>{prettyLine(line.line)}</pre>
      <FieldTable title="Labels" record={line.labels} onFilter={onFilter} />
      <FieldTable title="Fields" record={line.fields} onFilter={onFilter} />
      <FieldTable title="In the line" record={readLogText(line.line).fields} />
    </div>
  )
}

interface FieldTableProps {
  readonly title: string
  readonly record: Readonly<Record<string, string>>
  readonly onFilter?: OnFilter | undefined
}

function FieldTable({ title, record, onFilter }: FieldTableProps): ReactNode {
  const entries = Object.entries(record)
  if (entries.length === 0) return null
  return (
    <table className={styles['fields']} aria-label={title}>
      <tbody>
        {entries.map(([key, value]) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td>{value}</td>
            <td className={styles['copy']}>
              {onFilter !== undefined && (
                <>
                  <IconButton
                    label={`Only lines with this ${key}`}
                    onClick={() => onFilter(key, '=', value)}
                    children={<ZoomIn size={14} />}
                  />
                  <IconButton
                    label={`Only lines without this ${key}`}
                    onClick={() => onFilter(key, '!=', value)}
                    children={<ZoomOut size={14} />}
                  />
                </>
              )}
              <CopyButton isIcon text={value} label={`Copy ${key}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function prettyLine(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    return JSON.stringify(JSON.parse(line), null, 2)
  } catch {
    return line
  }
}
