import { useVirtualizer } from '@tanstack/react-virtual'
import type { CSSProperties, ReactNode } from 'react'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import { formatDurationMs } from '../frame/format.ts'
import type { CriticalStretch, TraceModel } from './trace-model.ts'
import { visibleRows } from './trace-model.ts'
import styles from './trace.module.css'
import type { TimeWindow } from './waterfall-row.tsx'
import { WaterfallRow, rowId } from './waterfall-row.tsx'

interface WaterfallProps {
  readonly model: TraceModel
  readonly window: TimeWindow
  readonly collapsed: ReadonlySet<number>
  readonly selected: number | undefined
  /** Brought into view when it changes. */
  readonly focused: number | undefined
  readonly critical: ReadonlyMap<number, readonly CriticalStretch[]> | undefined
  readonly onSelect: (index: number) => void
  readonly onToggle: (index: number) => void
}

const ROW_PX = 28
// 15 rows above and below: a page of wheel scrolling without a blank.
const OVERSCAN = 15
const NAMES: CSSProperties & Record<'--names', string> = { '--names': 'clamp(230px, 40%, 480px)' }

/** The spans as rows over time. Only the rows in view exist. */
export function Waterfall(props: WaterfallProps): ReactNode {
  const { model, window, collapsed, selected, focused, critical, onSelect, onToggle } = props
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => visibleRows(model, collapsed), [model, collapsed])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  })
  useEffect(() => {
    const at = focused === undefined ? -1 : rows.indexOf(focused)
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only a new focus scrolls; collapsing elsewhere must not.
  }, [focused, model])
  useMarkPainted(model)
  const active = focused ?? selected
  return (
    <div className={styles['waterfall']} style={NAMES}>
      <TimeAxis window={window} />
      <div
        ref={scroller}
        className={`${styles['rows']} scroll-thin`}
        role="tree"
        aria-label={`${model.nodes.length} spans`}
        aria-activedescendant={active === undefined ? undefined : rowId(active)}
        tabIndex={0}
        data-search
      >
        <div role="presentation" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const place = rows[index]!
            return (
              <WaterfallRow
                key={place}
                node={model.nodes[place]!}
                traceStartMs={model.startMs}
                topPx={start}
                window={window}
                isCollapsed={collapsed.has(place)}
                isSelected={place === (selected ?? focused)}
                critical={critical?.get(place)}
                isDimmed={critical !== undefined && !critical.has(place)}
                onSelect={onSelect}
                onToggle={onToggle}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** Leaves `oriel.waterfall` in the performance timeline: from the answer's arrival (`oriel.trace-answer`) to the frame after the first rows. */
function useMarkPainted(model: TraceModel): void {
  useLayoutEffect(() => {
    requestAnimationFrame(() => {
      if (performance.getEntriesByName('oriel.trace-answer').length === 0) return
      performance.measure('oriel.waterfall', { start: 'oriel.trace-answer', detail: { spans: model.nodes.length } })
    })
  }, [model])
}

function TimeAxis({ window }: { readonly window: TimeWindow }): ReactNode {
  const quarter = (window.endMs - window.startMs) / 4
  return (
    <div className={styles['axis']}>
      <span className={styles['axisNames']}>Span</span>
      <div className={styles['ticks']}>
        {[0, 1, 2, 3, 4].map((i) => (
          <span key={i} className={`${styles['tick']} num`} style={{ left: `${i * 25}%` }}>
            {formatDurationMs(window.startMs + i * quarter)}
          </span>
        ))}
      </div>
    </div>
  )
}
