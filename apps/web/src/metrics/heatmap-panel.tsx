import { Table2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { queryRange } from '../data/prometheus.ts'
import { IconButton } from '../frame/buttons.tsx'
import { AnswerPanel } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { HeatmapCanvas } from './heatmap-canvas.tsx'
import { heatmapOf } from './heatmap-model.ts'
import { HeatmapTable } from './heatmap-table.tsx'
import { formatOf } from './value-format.ts'

// A cell of about 8 px: narrower ones are noise.
const HEATMAP_POINTS = 120
const HEIGHT_PX = 300

interface HeatmapPanelProps {
  readonly query: string
  readonly stepMs?: number | undefined
}

/** A query's histograms over time and value. */
export function HeatmapPanel({ query, stepMs }: HeatmapPanelProps): ReactNode {
  const [isTable, setTable] = useState(false)
  const answer = useRangeAnswer(['heatmap', query, stepMs ?? 0], ({ range, signal }) =>
    queryRange(query, { range, maxPoints: HEATMAP_POINTS, stepMs, signal }),
  )
  const { data } = answer
  const heatmap = useMemo(() => (data === undefined ? undefined : heatmapOf(data)), [data])
  // The bounds carry the unit of what was observed, whatever the query counts.
  const format = formatOf(`histogram_quantile(0, ${query})`)
  return (
    <AnswerPanel
      title="Heatmap"
      note={heatmap === undefined ? undefined : 'the stronger the colour, the more often'}
      answer={answer}
      query={query}
      minHeight={HEIGHT_PX}
      actions={
        <IconButton
          label="View as table"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
          children={<Table2 size={14} />}
        />
      }
      empty={({ series }) => (heatmap === undefined ? <NoHeatmap hasSeries={series.length > 0} /> : undefined)}
    >
      {() => {
        if (heatmap === undefined) return null
        return isTable ? (
          <HeatmapTable heatmap={heatmap} format={format} heightPx={HEIGHT_PX} />
        ) : (
          <HeatmapCanvas heatmap={heatmap} format={format} heightPx={HEIGHT_PX} />
        )
      }}
    </AnswerPanel>
  )
}

function NoHeatmap({ hasSeries }: { readonly hasSeries: boolean }): ReactNode {
  if (!hasSeries) return <Empty title="No series in this range" />
  return (
    <Empty title="This answer has no histograms">
      A heatmap wants native histograms, or buckets with their label le: sum by (le) (rate(x_bucket[5m])).
    </Empty>
  )
}
