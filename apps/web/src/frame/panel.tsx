import { CircleSlash } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { SmallButton } from './buttons.tsx'
import styles from './panel.module.css'
import { Empty, Failure } from './states.tsx'
import { useAfter } from './use-after.ts'
import type { Answer } from './use-answer.ts'

// A bar that comes and goes within 150 ms is only flicker; after 2 s a person wants to know and to be able to stop it.
const BAR_AFTER_MS = 150
const CANCEL_AFTER_MS = 2_000

interface PanelProps {
  readonly title?: ReactNode
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly label?: string
  readonly className?: string | undefined
}

/** A titled surface. */
export function Panel({ title, note, actions, children, label, className = '' }: PanelProps): ReactNode {
  return (
    <section className={`${styles['panel']} ${className}`} aria-label={label ?? (typeof title === 'string' ? title : undefined)}>
      {(title !== undefined || actions !== undefined) && (
        <header className={styles['head']}>
          <h2 className={styles['title']}>{title}</h2>
          {note !== undefined && <span className={styles['note']}>{note}</span>}
          <div className={styles['actions']}>{actions}</div>
        </header>
      )}
      <div className={styles['body']}>{children}</div>
    </section>
  )
}

/** How an answer is shown in its states. */
export interface AnswerViewOptions<T> {
  readonly answer: Answer<T>
  /** Shown beside the failure with a caret. */
  readonly query?: string
  /** What stands in for the answer when it holds nothing; `undefined` when it holds something. */
  readonly empty?: ((data: T) => ReactNode) | undefined
  readonly minHeight?: number
}

interface AnswerPanelProps<T> extends Omit<PanelProps, 'children'>, AnswerViewOptions<T> {
  readonly children: (data: T) => ReactNode
}

/** A panel that shows an answer in each of its states: running, slow, cancelled, failed, empty, there. */
export function AnswerPanel<T>({ answer, actions, ...rest }: AnswerPanelProps<T>): ReactNode {
  const { query, empty, minHeight = 120, children, ...panel } = rest
  const withProgress = (
    <>
      <Progress answer={answer} />
      {actions}
    </>
  )
  return (
    // A panel without a title has its progress shown by whoever heads the page.
    <Panel {...panel} actions={panel.title === undefined ? actions : withProgress}>
      <AnswerView answer={answer} empty={empty} minHeight={minHeight} {...(query !== undefined && { query })}>
        {children}
      </AnswerView>
    </Panel>
  )
}

interface AnswerViewProps<T> extends AnswerViewOptions<T> {
  readonly children: (data: T) => ReactNode
}

/** An answer's states without a frame around them. */
export function AnswerView<T>({ answer, query, empty, minHeight = 120, children }: AnswerViewProps<T>): ReactNode {
  const { data, error, isLoading, isPrevious } = answer
  const isBarShown = useAfter(isLoading, BAR_AFTER_MS)
  const content = data === undefined ? undefined : (empty?.(data) ?? children(data))
  const isDim = isPrevious && isLoading && isBarShown
  return (
    <div style={{ minHeight, position: 'relative', height: '100%' }} aria-busy={isLoading}>
      {isBarShown && <div className={styles['bar']} />}
      <Stopped answer={answer} query={query} />
      {content !== undefined && (error === undefined || !isPrevious) && (
        <div className={isDim ? styles['previous'] : undefined} style={{ height: '100%' }}>
          {content}
        </div>
      )}
    </div>
  )
}

function Stopped({ answer, query }: { readonly answer: Answer<unknown>; readonly query: string | undefined }): ReactNode {
  const { error, isCancelled, retry } = answer
  if (error !== undefined) return <Failure error={error} retry={retry} {...(query !== undefined && { query })} />
  if (!isCancelled) return null
  return (
    <Empty title="Cancelled">
      <SmallButton onClick={retry}>Run again</SmallButton>
    </Empty>
  )
}

/** After two seconds: how long it has been running, and a way to stop it (`Esc` too). */
export function Progress({ answer }: { readonly answer: Answer<unknown> }): ReactNode {
  const { isLoading, cancel } = answer
  const isSlow = useAfter(isLoading, CANCEL_AFTER_MS)
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    if (!isSlow) return
    const startedMs = performance.now() - CANCEL_AFTER_MS
    const tick = (): void => setSeconds((performance.now() - startedMs) / 1_000)
    tick()
    const timer = setInterval(tick, 100)
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') cancel()
    }
    window.addEventListener('keydown', onKey)
    return () => {
      clearInterval(timer)
      window.removeEventListener('keydown', onKey)
    }
    // `cancel` is made anew at each render and always stops the same request.
  }, [isSlow])
  if (!isSlow) return null
  return (
    <span className={styles['progress']} role="status">
      <span className="num">{seconds.toFixed(1)} s</span>
      <SmallButton onClick={cancel}>
        <CircleSlash size={13} />
        Cancel
      </SmallButton>
    </span>
  )
}
