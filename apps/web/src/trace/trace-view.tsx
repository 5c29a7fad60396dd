import type { ReactNode } from 'react'
import { useCallback, useMemo, useState } from 'react'
import { spanSelection, selectedSpan } from '../frame/link-to.ts'
import { useKeys } from '../frame/use-keys.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { criticalPath, stretchesBySpan } from './critical-path.ts'
import { Minimap } from './minimap.tsx'
import { SpanDrawer } from './span-drawer.tsx'
import { TraceHead } from './trace-head.tsx'
import type { TraceModel } from './trace-model.ts'
import { ancestorsOf, nextError, rootCause, visibleRows } from './trace-model.ts'
import styles from './trace.module.css'
import type { TimeWindow } from './waterfall-row.tsx'
import { Waterfall } from './waterfall.tsx'

/** The trace on screen: overview, waterfall, and the drawer of the selected span. The selection is in the URL. */
export function TraceView({ model }: { readonly model: TraceModel }): ReactNode {
  const [window, setWindow] = useState<TimeWindow>({ startMs: 0, endMs: model.durationMs })
  const [isCriticalShown, setCriticalShown] = useState(false)
  const view = useSelection(model)
  const path = useMemo(() => stretchesBySpan(criticalPath(model)), [model])
  const toggleCritical = (): void => setCriticalShown(!isCriticalShown)
  useTraceKeys(model, view, toggleCritical)
  return (
    <div className={styles['screen']}>
      <TraceHead model={model} isCriticalShown={isCriticalShown} onCritical={toggleCritical} onError={view.moveError} />
      <Minimap model={model} window={window} onWindow={setWindow} />
      <div className={styles['split']}>
        <Waterfall
          model={model}
          window={window}
          collapsed={view.collapsed}
          selected={view.selected}
          focused={view.focused}
          critical={isCriticalShown ? path : undefined}
          onSelect={view.select}
          onToggle={view.toggle}
        />
        {view.selected !== undefined && (
          <SpanDrawer model={model} index={view.selected} onClose={view.close} onSelect={view.select} />
        )}
      </div>
    </div>
  )
}

/** What is selected, focused and collapsed, and how to change it. */
interface TraceSelection {
  readonly selected: number | undefined
  /** The selection, or before there is one the span to look at first. */
  readonly focused: number | undefined
  readonly collapsed: ReadonlySet<number>
  readonly select: (index: number) => void
  readonly close: () => void
  readonly toggle: (index: number) => void
  readonly collapseAll: () => void
  readonly expandAll: () => void
  /** Next (`1`) or previous (`-1`) row in view. */
  readonly move: (direction: 1 | -1) => void
  /** Next or previous failed span, wherever it hides. */
  readonly moveError: (direction: 1 | -1) => void
}

function useSelection(model: TraceModel): TraceSelection {
  const { sel } = useAppSearch()
  const patch = usePatchSearch()
  const spanId = selectedSpan(sel)?.spanId
  const selected = spanId === undefined ? undefined : model.indexOf.get(spanId)
  const first = useMemo(() => rootCause(model), [model])
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set())
  const focused = selected ?? first
  const show = (index: number, isStep: boolean): void => {
    const hiding = ancestorsOf(model, index).filter((ancestor) => collapsed.has(ancestor))
    if (hiding.length > 0) setCollapsed(new Set([...collapsed].filter((one) => !hiding.includes(one))))
    const span = model.nodes[index]?.span
    if (span !== undefined) patch({ sel: spanSelection(model.traceId, span.spanId) }, { replace: isStep })
  }
  const select = useCallback((index: number) => show(index, false), [model, sel, collapsed])
  const toggle = useCallback((index: number) => {
    setCollapsed((old) => (old.has(index) ? new Set([...old].filter((one) => one !== index)) : new Set([...old, index])))
  }, [])
  return {
    selected,
    focused,
    collapsed,
    select,
    toggle,
    close: () => patch({ sel: undefined }),
    collapseAll: () =>
      setCollapsed(
        new Set(model.nodes.filter(({ children, depth }) => children.length > 0 && depth > 0).map(({ index }) => index)),
      ),
    expandAll: () => setCollapsed(new Set()),
    move: (direction) => {
      const rows = visibleRows(model, collapsed)
      const at = focused === undefined ? -1 : rows.indexOf(focused)
      const next = rows[Math.min(rows.length - 1, Math.max(0, at + direction))]
      if (next !== undefined) show(next, true)
    },
    moveError: (direction) => {
      const next = nextError(model, focused ?? -1, direction)
      if (next !== undefined) show(next, true)
    },
  }
}

function useTraceKeys(model: TraceModel, view: TraceSelection, toggleCritical: () => void): void {
  const { focused, collapsed, toggle, move, moveError } = view
  const fold = (isFold: boolean): void => {
    const node = focused === undefined ? undefined : model.nodes[focused]
    if (node === undefined) return
    if (node.children.length > 0 && collapsed.has(node.index) !== isFold) toggle(node.index)
    else if (isFold && node.parent >= 0) view.select(node.parent)
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    n: () => moveError(1),
    N: () => moveError(-1),
    ArrowLeft: () => fold(true),
    ArrowRight: () => fold(false),
    '[': view.collapseAll,
    ']': view.expandAll,
    C: toggleCritical,
    Escape: view.close,
  })
}
