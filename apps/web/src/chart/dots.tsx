import type { ReactNode } from 'react'
import { Link } from '../frame/link.tsx'
import type { PlacedDot } from './chart-data.ts'
import styles from './chart.module.css'

interface DotsProps {
  readonly dots: readonly PlacedDot[]
  readonly frame: { readonly leftPx: number; readonly topPx: number; readonly widthPx: number; readonly heightPx: number }
}

/** Exemplars as links above the canvas: for the mouse, the keyboard and a middle click alike. Errors are round, others diamonds. */
export function Dots({ dots, frame }: DotsProps): ReactNode {
  return (
    <div
      className={styles['dots']}
      style={{ left: frame.leftPx + PLOT_LEFT_PX, top: frame.topPx, width: frame.widthPx, height: frame.heightPx }}
    >
      {dots.map(({ xPx, yPx, href, label, isError }) =>
        xPx < 0 || xPx > frame.widthPx ? null : (
          <Link
            key={href}
            className={styles['dot']}
            href={href}
            style={{ left: xPx, top: Math.max(0, yPx) }}
            aria-label={label}
            title={label}
            data-error={isError}
            data-testid="exemplar"
          >
            <i />
          </Link>
        ),
      )}
    </div>
  )
}

// The chart's own left padding (chart.module.css).
const PLOT_LEFT_PX = 2
