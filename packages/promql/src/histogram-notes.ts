import type { TextSpan } from '@oriel/syntax'
import { quote } from '@oriel/syntax'
import type { Notes } from './evaluation.ts'

/** What two histograms were joined for, as notes name it. */
export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'

/** The notes about histograms, worded as Prometheus 3.14 util/annotations words them, all for one place in the query. */
export class HistogramNotes {
  readonly #notes: Notes
  readonly #span: TextSpan

  constructor(notes: Notes, span: TextSpan) {
    this.#notes = notes
    this.#span = span
  }

  /** A range or an aggregation with floats and histograms, which do not go together. */
  mixedFloats(metric: string): void {
    this.#notes.warn(`encountered a mix of histograms and floats for metric name ${quote(metric)}`, this.#span)
  }

  mixedFloatsInAggregation(): void {
    this.#notes.warn('encountered a mix of histograms and floats for aggregation', this.#span)
  }

  mixedSchemas(metric: string): void {
    const what = 'vector contains a mix of histograms with exponential and custom buckets schemas for metric name'
    this.#notes.warn(`${what} ${quote(metric)}`, this.#span)
  }

  notCounter(metric: string): void {
    this.#notes.warn(`this native histogram metric is not a counter: ${quote(metric)}`, this.#span)
  }

  notGauge(metric: string): void {
    this.#notes.warn(`this native histogram metric is not a gauge: ${quote(metric)}`, this.#span)
  }

  ignoredInRange(metric: string): void {
    const what = 'ignored histograms in a range containing both floats and histograms for metric name'
    this.#notes.inform(`${what} ${quote(metric)}`, this.#span)
  }

  ignoredInAggregation(op: string): void {
    this.#notes.inform(`ignored histogram in ${op} aggregation`, this.#span)
  }

  reconciledBounds(operation: HistogramOperation): void {
    this.#notes.inform(`mismatched custom buckets were reconciled during ${operation}`, this.#span)
  }

  resetConflict(operation: HistogramOperation): void {
    this.#notes.warn(`conflicting counter resets during histogram ${operation}`, this.#span)
  }

  startOverlap(metric: string): void {
    this.#notes.overlap(metric, this.#span)
  }
}
