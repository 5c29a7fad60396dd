import { useVirtualizer } from '@tanstack/react-virtual'
import { Minus, Plus, SquarePen } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { PromMatrix } from '../data/prometheus.ts'
import { queryRange } from '../data/prometheus.ts'
import { IconButton, SmallButton } from '../frame/buttons.tsx'
import { Choice } from '../frame/choice.tsx'
import { formatCount } from '../frame/format.ts'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { differences, meanOf } from './difference.ts'
import styles from './explore.module.css'
import { useSetFilters } from './filter-chips.tsx'
import type { MetricView } from './metric-query.ts'
import { viewQuery } from './metric-query.ts'
import { MiniChart } from './mini-chart.tsx'
import { formatOf } from './value-format.ts'

const MINI_POINTS = 60
// More small charts than this nobody scrolls through; sorting them by difference would also begin to take its time.
const MAX_VALUES = 1_000
const CARD_MIN_PX = 230
const CARD_HEIGHT_PX = 132
const GAP_PX = 10

const SORTS = [
  ['', 'Most different'],
  ['high', 'Highest'],
  ['name', 'Name'],
] as const

interface ValueCard {
  readonly value: string
  readonly values: readonly (number | null)[]
  readonly mean: number | null
  readonly difference: number
}

/** One small chart for each value of a label, with a way to include it, leave it out or write the query. */
export function ValueBreakdown({ view }: { readonly view: MetricView }): ReactNode {
  const { sort = '' } = useAppSearch()
  const patch = usePatchSearch()
  const shown = useMemo(() => ({ ...view, fn: view.fn === 'heatmap' ? '' : view.fn }), [view])
  const query = viewQuery(shown)
  const answer = useRangeAnswer(['breakdown-values', query], ({ range, signal }) =>
    queryRange(query, { range, maxPoints: MINI_POINTS, limit: MAX_VALUES, signal }),
  )
  const cards = useMemo(() => sortCards(cardsOf(answer.data, view.by), sort), [answer.data, view.by, sort])
  const count = cards.length
  return (
    <AnswerPanel
      title={
        <>
          By <span className="mono">{view.by}</span>
        </>
      }
      label={`Breakdown by ${view.by}`}
      note={count >= MAX_VALUES ? `the first ${formatCount(count)} values` : `${formatCount(count)} values`}
      actions={
        <>
          <Choice label="Order" options={SORTS} value={sort} onChange={(next) => patch({ sort: next })} />
          <SmallButton onClick={() => patch({ by: undefined, sort: undefined })}>All labels</SmallButton>
        </>
      }
      answer={answer}
      query={query}
      minHeight={300}
      empty={() => (count === 0 ? <Empty title="No series has this label in this range" /> : undefined)}
    >
      {() => <Cards cards={cards} view={shown} />}
    </AnswerPanel>
  )
}

function Cards({ cards, view }: { readonly cards: readonly ValueCard[]; readonly view: MetricView }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const columns = useColumns(scroller)
  const usual = useMemo(() => usualLine(cards), [cards])
  const max = useMemo(() => highest(cards), [cards])
  const rows = Math.ceil(cards.length / columns)
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT_PX + GAP_PX,
    overscan: 3,
  })
  return (
    <div ref={scroller} className={`${styles['values']} scroll-thin`} tabIndex={0} role="group" aria-label="Values">
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            className={styles['row']}
            style={{ transform: `translateY(${start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {cards.slice(index * columns, (index + 1) * columns).map((card) => (
              <Card key={card.value} card={card} view={view} usual={usual} max={max} />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

interface CardProps {
  readonly card: ValueCard
  readonly view: MetricView
  readonly usual: readonly (number | null)[]
  readonly max: number
}

function Card({ card, view, usual, max }: CardProps): ReactNode {
  const setFilters = useSetFilters()
  const patch = usePatchSearch()
  const { by, filters } = view
  const { value, values, mean } = card
  const name = value === '' ? '(none)' : value
  const format = formatOf(viewQuery(view))
  const narrowed = (op: '=' | '!='): MetricView['filters'] => [
    ...filters.filter((filter) => filter.name !== by || (op === '!=' && filter.op === '!=')),
    { name: by, op, value },
  ]
  return (
    <div className={styles['value']} role="group" aria-label={name}>
      <div className={styles['cardHead']}>
        <span className={`mono ${styles['cardName']}`} title={name}>
          {name}
        </span>
        <b className="num">{format(mean ?? NaN)}</b>
      </div>
      <MiniChart label={`${name}: mean ${format(mean ?? NaN)}`} lines={[values]} reference={usual} heightPx={62} max={max} />
      <div className={styles['valueActions']}>
        <IconButton label={`Only ${name}`} onClick={() => setFilters(narrowed('='))} children={<Plus size={14} />} />
        <IconButton label={`Without ${name}`} onClick={() => setFilters(narrowed('!='))} children={<Minus size={14} />} />
        <IconButton
          label={`Write PromQL for ${name}`}
          onClick={() => patch({ q: viewQuery({ ...view, by: '', filters: narrowed('=') }) })}
          children={<SquarePen size={13} />}
        />
      </div>
    </div>
  )
}

function cardsOf(data: PromMatrix | undefined, by: string): ValueCard[] {
  const series = data?.series ?? []
  const different = differences(series.map(({ values }) => values))
  return series.map(({ labels, values }, i) => ({
    value: labels[by] ?? '',
    values,
    mean: meanOf(values),
    difference: different[i] ?? 0,
  }))
}

function sortCards(cards: readonly ValueCard[], sort: string): readonly ValueCard[] {
  const byName = (a: ValueCard, b: ValueCard): number => a.value.localeCompare(b.value, 'en', { numeric: true })
  if (sort === 'name') return cards.toSorted(byName)
  if (sort === 'high') return cards.toSorted((a, b) => (b.mean ?? -Infinity) - (a.mean ?? -Infinity) || byName(a, b))
  return cards.toSorted((a, b) => b.difference - a.difference || byName(a, b))
}

/** The mean of all values moment by moment: what each is compared with. */
function usualLine(cards: readonly ValueCard[]): (number | null)[] {
  const length = cards[0]?.values.length ?? 0
  return Array.from({ length }, (_, i) => meanOf(cards.map(({ values }) => values[i] ?? null)))
}

function highest(cards: readonly ValueCard[]): number {
  let max = 0
  for (const { values } of cards) for (const value of values) if (value !== null && value > max) max = value
  return max
}

/** How many small charts stand side by side. */
function useColumns(place: { readonly current: HTMLElement | null }): number {
  const [columns, setColumns] = useState(4)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      const widthPx = entry?.contentRect.width ?? 0
      if (widthPx > 0) setColumns(Math.max(1, Math.floor((widthPx + GAP_PX) / (CARD_MIN_PX + GAP_PX))))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [place])
  return columns
}
