import { ChevronDown, ChevronUp, CircleAlert, Route } from 'lucide-react'
import type { ReactNode } from 'react'
import { CopyButton, IconButton, SmallButton } from '../frame/buttons.tsx'
import { formatCount, formatDateTime, formatDurationMs, formatPercent } from '../frame/format.ts'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { serviceColor } from '../frame/palette.ts'
import { rangeTextOf } from '../frame/time-range.ts'
import type { TraceModel } from './trace-model.ts'
import styles from './trace.module.css'

interface TraceHeadProps {
  readonly model: TraceModel
  readonly isCriticalShown: boolean
  readonly onCritical: () => void
  readonly onError: (direction: 1 | -1) => void
}

// More services than fit a line tell nothing at a glance.
const SERVICES_SHOWN = 12

/** The trace in one look: what it was, how long it took, what failed, who took the time. */
export function TraceHead({ model, isCriticalShown, onCritical, onError }: TraceHeadProps): ReactNode {
  const root = model.nodes[0]!.span
  const { errorCount } = model
  return (
    <>
      <div className={styles['head']}>
        <h1 className={styles['title']}>
          <span className={styles['swatch']} style={{ background: serviceColor(root.service) }} />
          <span className="muted" style={{ fontWeight: 500 }}>
            {root.service}
          </span>
          {root.name}
        </h1>
        <div className={`${styles['facts']} num`}>
          <span>
            <b>{formatDurationMs(model.durationMs)}</b>
          </span>
          <span>{formatDateTime(model.startMs)}</span>
          <span>{formatCount(model.nodes.length)} spans</span>
        </div>
        <div className={styles['tools']}>
          {errorCount > 0 && (
            <>
              <SmallButton onClick={() => onError(1)} title="Next failed span  n">
                <CircleAlert size={13} className="crit" />
                <span className="crit num">
                  {formatCount(errorCount)} {errorCount === 1 ? 'error' : 'errors'}
                </span>
              </SmallButton>
              <IconButton label="Previous failed span  N" onClick={() => onError(-1)} children={<ChevronUp size={15} />} />
              <IconButton label="Next failed span  n" onClick={() => onError(1)} children={<ChevronDown size={15} />} />
            </>
          )}
          <SmallButton onClick={onCritical} aria-pressed={isCriticalShown} title="Critical path  C">
            <Route size={13} />
            Critical path
          </SmallButton>
          <CopyButton text={model.traceId} label="Copy id" />
        </div>
      </div>
      <ServiceShares model={model} />
    </>
  )
}

function ServiceShares({ model }: { readonly model: TraceModel }): ReactNode {
  const total = model.services.reduce((sum, { selfMs }) => sum + selfMs, 0)
  const around = rangeTextOf({ startMs: model.startMs - AROUND_MS, endMs: model.startMs + model.durationMs + AROUND_MS })
  return (
    <div className={styles['services']} aria-label="Share of the time by service" role="group">
      {model.services.slice(0, SERVICES_SHOWN).map(({ service, selfMs, spans }) => (
        <Link
          key={service}
          href={linkTo({ kind: 'service', service }, around)}
          title={`${service}: ${spans} spans, ${formatDurationMs(selfMs)} of its own`}
        >
          <span>
            <i className={styles['swatch']} style={{ background: serviceColor(service) }} />
            {service}
            <span className="num muted">{formatPercent(total === 0 ? 0 : Math.round((selfMs / total) * 1_000) / 1_000)}</span>
          </span>
        </Link>
      ))}
      {model.services.length > SERVICES_SHOWN && <span>and {model.services.length - SERVICES_SHOWN} more</span>}
    </div>
  )
}

// A quarter of an hour each way: the service's charts show what was normal before.
const AROUND_MS = 15 * 60_000
