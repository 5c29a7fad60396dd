import { BellRing, Boxes, ChartPie, ChartSpline, Crosshair, Gauge, ScrollText, Waypoints } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Target } from './link-to.ts'

/** A screen with a place in the navigation. */
export interface Screen {
  readonly name: string
  /** Signals are what people come to look at; the system is what keeps them coming. */
  readonly group: (typeof SCREEN_GROUPS)[number]
  readonly path: string
  /** The keys that lead there, from everywhere. */
  readonly keys: string
  readonly target: Target
  readonly icon: ComponentType<{ readonly size: number }>
}

/** The navigation's groups, top to bottom. */
export const SCREEN_GROUPS = ['Signals', 'System'] as const

/**
 * The screens in the order of the navigation. A new one adds its line here; the navigation, the breadcrumb, the palette and
 * the list of shortcuts follow.
 *
 * Keys kept for screens to come: `g d` dashboards, `g a` alerts, `g p` profiles.
 */
export const SCREENS: readonly Screen[] = [
  { name: 'Services', group: 'Signals', path: '/services', keys: 'g s', target: { kind: 'services' }, icon: Boxes },
  { name: 'Metrics', group: 'Signals', path: '/explore/metrics', keys: 'g m', target: { kind: 'metrics' }, icon: ChartSpline },
  { name: 'Logs', group: 'Signals', path: '/logs', keys: 'g l', target: { kind: 'logs' }, icon: ScrollText },
  { name: 'Traces', group: 'Signals', path: '/traces', keys: 'g t', target: { kind: 'traces' }, icon: Waypoints },
  { name: 'Rules', group: 'Signals', path: '/rules', keys: 'g r', target: { kind: 'rules' }, icon: BellRing },
  { name: 'Targets', group: 'System', path: '/targets', keys: 'g x', target: { kind: 'targets' }, icon: Crosshair },
  { name: 'Queries', group: 'System', path: '/queries', keys: 'g q', target: { kind: 'queries' }, icon: Gauge },
  {
    name: 'Cardinality',
    group: 'System',
    path: '/cardinality',
    keys: 'g c',
    target: { kind: 'cardinality' },
    icon: ChartPie,
  },
]
