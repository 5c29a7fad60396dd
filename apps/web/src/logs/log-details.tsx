import { Boxes, Waypoints } from 'lucide-react'
import type { ReactNode } from 'react'
import type { LogLine } from '../data/loki.ts'
import { CopyButton } from '../frame/buttons.tsx'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { useTime } from '../frame/use-time.ts'
import { readLogText } from './log-text.ts'
import styles from './logs.module.css'

/** An opened line: the line as it was sent, its fields, and where it leads. */
export function LogDetails({ line }: { readonly line: LogLine }): ReactNode {
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
      <FieldTable title="Labels" record={line.labels} />
      <FieldTable title="Fields" record={{ ...line.fields, ...readLogText(line.line).fields }} />
    </div>
  )
}

function FieldTable({ title, record }: { readonly title: string; readonly record: Readonly<Record<string, string>> }): ReactNode {
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
