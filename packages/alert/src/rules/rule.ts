import type { Labels, UnixMs } from '@oriel/model'
import type { RuleQuery, StoredSample } from '../sample.ts'

/** How the last evaluation went. `unknown` before the first. */
export type RuleHealth = 'unknown' | 'ok' | 'err'

/** What is known of a rule's last evaluation. */
export interface RuleStatus {
  readonly health: RuleHealth
  /** '' for none. */
  readonly lastError: string
  readonly evaluationMs: number
  /** When it began by the clock, 0 for never. */
  readonly lastEvaluationMs: UnixMs
}

/** The status of a rule that never ran. */
export const NEW_STATUS: RuleStatus = { health: 'unknown', lastError: '', evaluationMs: 0, lastEvaluationMs: 0 }

/** What one evaluation needs. */
export interface EvaluationContext {
  /** The group's slot in time; results carry it, less the offset. */
  readonly tMs: UnixMs
  readonly queryOffsetMs: number
  readonly query: RuleQuery
  /** Most results; 0 for any number. */
  readonly limit: number
  /** `global.external_labels`. */
  readonly externalLabels: Labels
  /** Where people find this server. */
  readonly externalUrl: string
  /** The same for the functions of templates; absent in unit tests. */
  readonly linkUrl?: string
  /** Told of templates that fail. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** A rule and its state. */
export interface Rule {
  readonly name: string
  /** The expression as Prometheus prints it. */
  readonly query: string
  readonly labels: ReadonlyMap<string, string>
  status: RuleStatus
  /** Runs the rule once. Returns what to store; rejects with `OrielError` where it fails. */
  evaluate(context: EvaluationContext): Promise<StoredSample[]>
}
