import { Table2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { IconButton } from '../frame/buttons.tsx'
import type { AnswerViewOptions } from '../frame/panel.tsx'
import { AnswerPanel } from '../frame/panel.tsx'
import { zoomOut } from '../frame/time-range.ts'
import { useTime } from '../frame/use-time.ts'
import type { TimeChartProps } from './time-chart.tsx'
import { TimeChart } from './time-chart.tsx'

interface ChartPanelProps<T> extends AnswerViewOptions<T> {
  readonly title: ReactNode
  /** Names the chart where the title is more than a text. */
  readonly label?: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly className?: string | undefined
  readonly chart: (data: T) => Omit<TimeChartProps, 'title' | 'onZoom' | 'onZoomOut' | 'isTable'>
  readonly footer?: (data: T) => ReactNode
  readonly heightPx?: number
}

/** A chart of an answer in a panel: zooming changes the page's range, and a button shows the numbers as a table. */
export function ChartPanel<T>({ title, chart, footer, actions, heightPx = 190, ...rest }: ChartPanelProps<T>): ReactNode {
  const [isTable, setTable] = useState(false)
  const time = useTime()
  const name = rest.label ?? (typeof title === 'string' ? title : 'Chart')
  return (
    <AnswerPanel
      {...rest}
      title={title}
      minHeight={heightPx}
      actions={
        <>
          {actions}
          <IconButton
            label="View as table"
            aria-pressed={isTable}
            onClick={() => setTable(!isTable)}
            children={<Table2 size={14} />}
          />
        </>
      }
    >
      {(data) => (
        <>
          <TimeChart
            {...chart(data)}
            title={name}
            heightPx={heightPx}
            isTable={isTable}
            onZoom={(range) => time.show(range)}
            onZoomOut={() => time.show(zoomOut(time.text, Date.now()))}
          />
          {footer?.(data)}
        </>
      )}
    </AnswerPanel>
  )
}
