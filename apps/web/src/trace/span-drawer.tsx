import '../style/kit.ts'
import { Tabs } from '@mantine/core'
import { CircleAlert, X } from 'lucide-react'
import type { CSSProperties, PointerEvent, ReactNode } from 'react'
import { useState } from 'react'
import { CopyButton, IconButton } from '../frame/buttons.tsx'
import { formatDurationMs, nsToMs } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { Empty } from '../frame/states.tsx'
import { rangeTextOf } from '../frame/time-range.ts'
import { SpanLogs, useTraceLogs } from './span-logs.tsx'
import type { TraceModel, TraceNode } from './trace-model.ts'
import styles from './trace.module.css'

interface SpanDrawerProps {
  readonly model: TraceModel
  readonly index: number
  readonly onClose: () => void
  readonly onSelect: (index: number) => void
}

const WIDTH_KEY = 'oriel-span-drawer'
const DEFAULT_WIDTH_PX = 520

/** Everything about the selected span. */
export function SpanDrawer({ model, index, onClose }: SpanDrawerProps): ReactNode {
  const node = model.nodes[index]!
  const { span } = node
  const [tab, setTab] = useState<string | null>('attributes')
  const [widthPx, setWidthPx] = useState(() => Number(localStorage.getItem(WIDTH_KEY) ?? DEFAULT_WIDTH_PX))
  const logs = useTraceLogs(model, node)
  const style: CSSProperties & Record<'--drawer', string> = { '--drawer': `${widthPx}px` }
  return (
    <>
      <Grip widthPx={widthPx} onWidth={setWidthPx} />
      <aside className={styles['drawer']} style={style} aria-label="Selected span">
        <DrawerHead node={node} model={model} onClose={onClose} />
        <Tabs value={tab} onChange={setTab} className={styles['tabs'] ?? ''} keepMounted={false}>
          <Tabs.List pl={8}>
            <Tabs.Tab value="attributes">Attributes</Tabs.Tab>
            <Tabs.Tab value="events">Events ({span.events.length})</Tabs.Tab>
            <Tabs.Tab value="logs">Logs{logs.count === undefined ? '' : ` (${logs.count})`}</Tabs.Tab>
            {span.links.length > 0 && <Tabs.Tab value="links">Links ({span.links.length})</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="attributes" className={`${styles['tabPanel']} scroll-thin`} tabIndex={0}>
            <AttributeTable title="Span" record={span.attributes} />
            <AttributeTable title="Resource" record={span.resource} />
            <AttributeTable title="Identity" record={identityOf(node)} />
          </Tabs.Panel>
          <Tabs.Panel value="events" className={`${styles['tabPanel']} scroll-thin`} tabIndex={0}>
            <Events node={node} model={model} />
          </Tabs.Panel>
          <Tabs.Panel value="logs" className={styles['tabPanel'] ?? ''}>
            <SpanLogs model={model} node={node} logs={logs} />
          </Tabs.Panel>
          <Tabs.Panel value="links" className={`${styles['tabPanel']} scroll-thin`} tabIndex={0}>
            <SpanLinks node={node} model={model} />
          </Tabs.Panel>
        </Tabs>
      </aside>
    </>
  )
}

function Grip({ widthPx, onWidth }: { readonly widthPx: number; readonly onWidth: (widthPx: number) => void }): ReactNode {
  const set = (px: number): void => {
    const width = Math.min(Math.max(320, px), 900)
    onWidth(width)
    localStorage.setItem(WIDTH_KEY, String(width))
  }
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) set(window.innerWidth - event.clientX)
  }
  return (
    <div
      className={styles['grip']}
      role="separator"
      aria-label="Width of the span's details"
      aria-orientation="vertical"
      aria-valuenow={widthPx}
      aria-valuemin={320}
      aria-valuemax={900}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
        event.preventDefault()
        set(widthPx + (event.key === 'ArrowLeft' ? 24 : -24))
      }}
    />
  )
}

function DrawerHead({
  node,
  model,
  onClose,
}: {
  readonly node: TraceNode
  readonly model: TraceModel
  readonly onClose: () => void
}): ReactNode {
  const { span, durationMs, selfMs, startMs } = node
  const around = rangeTextOf({ startMs: model.startMs - AROUND_MS, endMs: model.startMs + model.durationMs + AROUND_MS })
  const exception = span.events.find(({ name }) => name === 'exception')?.attributes['exception.message']
  const message = span.statusMessage || exception || 'Failed without a message'
  return (
    <>
      <div className={styles['drawerHead']}>
        <div className={styles['drawerTitle']}>{span.name}</div>
        <IconButton label="Close  Esc" onClick={onClose} children={<X size={16} />} />
      </div>
      <div className={`${styles['drawerFacts']} num`}>
        <Link className="link" href={linkTo({ kind: 'service', service: span.service }, around)}>
          <span
            className={styles['swatch']}
            style={{ display: 'inline-block', marginRight: 6, background: serviceColor(span.service) }}
          />
          {span.service}
        </Link>
        <span>{span.kind}</span>
        <span>took {formatDurationMs(durationMs)}</span>
        <span>{formatDurationMs(selfMs)} itself</span>
        <span>at +{formatDurationMs(startMs)}</span>
      </div>
      {span.status === 'error' && (
        <div className={styles['statusMessage']}>
          <CircleAlert size={15} style={{ flex: 'none', marginTop: 2 }} aria-label="Failed:" />
          {message}
        </div>
      )}
    </>
  )
}

const AROUND_MS = 15 * 60_000

function identityOf({ span, isOrphan }: TraceNode): Record<string, string> {
  return {
    'trace id': span.traceId,
    'span id': span.spanId,
    ...(span.parentSpanId !== '' && { 'parent span id': isOrphan ? `${span.parentSpanId} (not stored)` : span.parentSpanId }),
    ...(span.scope.name !== '' && { 'instrumented by': `${span.scope.name} ${span.scope.version}` }),
  }
}

function AttributeTable({
  title,
  record,
}: {
  readonly title: string
  readonly record: Readonly<Record<string, string>>
}): ReactNode {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return null
  return (
    <>
      <div className={styles['section']}>
        {title}
        <span className="muted num"> {entries.length}</span>
      </div>
      <table className={styles['attributes']} aria-label={title}>
        <tbody>
          {entries.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Events({ node, model }: { readonly node: TraceNode; readonly model: TraceModel }): ReactNode {
  const { events } = node.span
  if (events.length === 0) return <Empty title="This span recorded no events" />
  return events.map((event, i) => {
    const { 'exception.stacktrace': stack, ...rest } = event.attributes
    const isException = event.name === 'exception'
    return (
      <div key={i} className={styles['eventBox']}>
        <div style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
          {isException && <CircleAlert size={14} className="crit" aria-hidden />}
          <b>{isException ? (rest['exception.type'] ?? 'exception') : event.name}</b>
          <span className="muted num" style={{ marginLeft: 'auto' }}>
            +{formatDurationMs(nsToMs(event.tNs) - model.startMs)}
          </span>
          {stack !== undefined && <CopyButton isIcon text={stack} label="Copy the stack trace" />}
        </div>
        {isException && <div style={{ marginTop: 4 }}>{rest['exception.message']}</div>}
        {!isException && <AttributeTable title="Attributes" record={rest} />}
        {stack !== undefined && (
          <pre className={`${styles['stack']} scroll-thin`} tabIndex={0} aria-label="Stack trace">
            {stack}
          </pre>
        )}
      </div>
    )
  })
}

function SpanLinks({ node, model }: { readonly node: TraceNode; readonly model: TraceModel }): ReactNode {
  const around = rangeTextOf({ startMs: model.startMs - AROUND_MS, endMs: model.startMs + model.durationMs + AROUND_MS })
  return node.span.links.map(({ traceId, spanId, attributes }) => (
    <div key={`${traceId} ${spanId}`} className={styles['eventBox']}>
      <Link className="link mono" href={linkTo({ kind: 'trace', traceId, spanId }, around)}>
        {traceId}
      </Link>
      <AttributeTable title="Attributes" record={attributes} />
    </div>
  ))
}
