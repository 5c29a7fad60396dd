// Random PromQL over the series of random-series.ts: every function, aggregation and operator, nested.
import type { Random } from './random-series.ts'
import { SPAN_MS, START_MS } from './random-series.ts'
import type { Times } from './peer-prometheus.ts'

/** A query and when to ask it. */
export interface RandomQuery {
  readonly query: string
  readonly times: Times
}

/** Makes queries without end. */
export class QueryGenerator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): RandomQuery {
    const depth = 1 + Math.floor(this.#random() * 3)
    const query = this.#random() < 0.05 ? this.#scalar(depth) : this.#vector(depth)
    return { query, times: this.#times() }
  }

  #times(): Times {
    const startMs = START_MS + Math.floor(this.#random() * (SPAN_MS + 600_000)) - 300_000
    if (this.#random() < 0.5) return { startMs, endMs: startMs, stepMs: 0 }
    const stepMs = this.#pick([1_000, 7_000, 15_000, 60_000, 97_000, 300_000])
    return { startMs, endMs: startMs + stepMs * (2 + Math.floor(this.#random() * 12)), stepMs }
  }

  #vector(depth: number): string {
    if (depth === 0) return this.#selector()
    const kinds = [
      () => this.#selector(),
      () => `${this.#pick(OVER_TIME)}(${this.#range(depth - 1)})`,
      () => `${this.#pick(OVER_TIME)}(${this.#range(depth - 1)})`,
      () => this.#parameterised(depth),
      () => `${this.#pick(OF_VECTOR)}(${this.#vector(depth - 1)})`,
      () => `${this.#pick(OF_HISTOGRAM)}(${this.#histogram(depth - 1)})`,
      () => this.#histogramFunction(depth),
      () => this.#aggregation(depth),
      () => this.#aggregation(depth),
      () => this.#binary(depth),
      () => this.#binary(depth),
      () => this.#withScalar(depth),
      () => `-(${this.#vector(depth - 1)})`,
      () => `(${this.#vector(depth - 1)})`,
      () => this.#labels(depth),
    ]
    return this.#pick(kinds)()
  }

  /** Mostly something with histograms. */
  #histogram(depth: number): string {
    if (this.#random() < 0.3) return this.#vector(depth)
    const selector = this.#pick(['h', 'h', 'hg', 'n', 'mix', 'h{i="1"}', 'n{i="2"}', '{__name__=~"h|n"}'])
    return this.#pick([
      () => selector,
      () => `rate(${selector}[${this.#duration()}])`,
      () => `increase(${selector}[${this.#duration()}])`,
      () => `sum by (${this.#pick(['i', 's', 'i, s'])}) (${selector})`,
      () => `sum(rate(${selector}[${this.#duration()}]))`,
      () => `avg_over_time(${selector}[${this.#duration()}])`,
      () => `${selector} ${this.#pick(['</', '>/', '*', '/'])} ${this.#number()}`,
      () => `${selector} ${this.#pick(['+', '-'])} ${selector} offset ${this.#duration()}`,
    ])()
  }

  #selector(): string {
    const name = this.#pick(NAMES)
    const extension = this.#random() < 0.04 && !name.startsWith('{') ? ' smoothed' : ''
    return `${name}${extension}${this.#modifiers()}`
  }

  #modifiers(): string {
    const dice = this.#random()
    if (dice < 0.8) return ''
    if (dice < 0.88) return ` offset ${this.#duration()}`
    if (dice < 0.92) return ` offset -${this.#duration()}`
    if (dice < 0.96) return ` @ ${(START_MS + Math.floor(this.#random() * SPAN_MS)) / 1_000}`
    return this.#pick([' @ start()', ' @ end()', ` @ end() offset ${this.#duration()}`])
  }

  #range(depth: number): string {
    if (depth > 0 && this.#random() < 0.25) {
      return `(${this.#vector(depth - 1)})[${this.#duration()}:${this.#pick(['15s', '30s', '1m', '', '47s'])}]${this.#modifiers()}`
    }
    return `${this.#pick(NAMES)}[${this.#duration()}]${this.#modifiers()}`
  }

  #parameterised(depth: number): string {
    return this.#pick([
      () => `quantile_over_time(${this.#ratio()}, ${this.#range(depth - 1)})`,
      () => `predict_linear(${this.#range(depth - 1)}, ${this.#number()})`,
      () => `double_exponential_smoothing(${this.#range(depth - 1)}, 0.3, 0.6)`,
      () =>
        `${this.#pick(['rate', 'increase', 'delta', 'changes', 'resets'])}(${this.#pick(NAMES)}[${this.#duration()}] anchored)`,
      () => `${this.#pick(['rate', 'increase', 'delta'])}(${this.#pick(NAMES)}[${this.#duration()}] smoothed)`,
      () => `clamp(${this.#vector(depth - 1)}, ${this.#scalar(0)}, ${this.#scalar(depth - 1)})`,
      () => `clamp_${this.#pick(['min', 'max'])}(${this.#vector(depth - 1)}, ${this.#scalar(depth - 1)})`,
      () => `round(${this.#vector(depth - 1)}, ${this.#pick(['1', '0.3', '10', '-2'])})`,
      () => `vector(${this.#scalar(depth - 1)})`,
      () => `absent(${this.#vector(depth - 1)})`,
      () => `absent_over_time(${this.#pick(NAMES)}[${this.#duration()}])`,
      () => `info(${this.#pick(['up', 'rate(up[2m])', 'up * 2'])}${this.#pick(['', ', {version="v1"}', ', {version=~".+"}'])})`,
    ])()
  }

  #histogramFunction(depth: number): string {
    const of = this.#random() < 0.3 ? 'b_bucket' : this.#histogram(depth - 1)
    return this.#pick([
      () => `histogram_quantile(${this.#ratio()}, ${of})`,
      () => `histogram_fraction(${this.#number()}, ${this.#number()}, ${of})`,
      () => `histogram_quantiles(${of}, "q", ${this.#ratio()}, ${this.#ratio()})`,
      () => `histogram_quantile(${this.#ratio()}, sum by (le) (rate(b_bucket[${this.#duration()}])))`,
    ])()
  }

  #aggregation(depth: number): string {
    const inner = this.#vector(depth - 1)
    const grouping = this.#pick(['', '', ' by (i)', ' by (s)', ' without (i)', ' by (i, s)', ' by (__name__)', ' by (le, i)'])
    return this.#pick([
      () => `${this.#pick(AGGREGATIONS)}${grouping} (${inner})`,
      () => `${this.#pick(AGGREGATIONS)}${grouping} (${inner})`,
      () => `quantile${grouping} (${this.#ratio()}, ${inner})`,
      () =>
        `${this.#pick(['topk', 'bottomk'])}${grouping} (${this.#pick(['1', '2', '3'])}, c_total * 1000 + ${this.#pick(['1', '2.5', '-7'])} * on (i, s) g)`,
      () => `count_values${grouping} ("v", ${inner})`,
      () => `limitk${grouping} (2, ${this.#pick(NAMES)})`,
      () => `limit_ratio(${this.#pick(['0.5', '-0.5', '0.2', '1.5'])}, ${inner})`,
    ])()
  }

  #binary(depth: number): string {
    const [left, right] = [this.#vector(depth - 1), this.#vector(depth - 1)]
    const dice = this.#random()
    if (dice < 0.2)
      return `(${left}) ${this.#pick(['and', 'or', 'unless'])}${this.#pick(['', ' on (i)', ' ignoring (s)'])} (${right})`
    const op = this.#pick(OPERATORS)
    if (dice < 0.5) return `(${left}) ${op} (${left})`
    const bool = COMPARISONS.includes(op) && this.#random() < 0.4 ? ' bool' : ''
    if (dice < 0.6)
      return `(${left}) ${op}${bool} on (i, s) ${this.#pick(['fill(0)', 'fill_left(1)', 'fill_right(2)'])} (${right})`
    const matching = this.#pick([
      '',
      ' on (i)',
      ' on (i, s)',
      ' ignoring (s)',
      ' on (i) group_left',
      ' on (i, s) group_right',
      ' on ()',
    ])
    return `(${left}) ${op}${bool}${matching} (${right})`
  }

  #withScalar(depth: number): string {
    const op = this.#pick(OPERATORS)
    const bool = COMPARISONS.includes(op) && this.#random() < 0.4 ? ' bool' : ''
    const [vector, scalar] = [`(${this.#vector(depth - 1)})`, this.#scalar(depth - 1)]
    return this.#random() < 0.7 ? `${vector} ${op}${bool} ${scalar}` : `${scalar} ${op}${bool} ${vector}`
  }

  #labels(depth: number): string {
    const inner = this.#vector(depth - 1)
    return this.#pick([
      () => `label_replace(${inner}, "x", "$1-", "i", "(.*)")`,
      () => `label_replace(${inner}, "__name__", "new_$1", "s", "(a)")`,
      () => `label_join(${inner}, "x", "/", "i", "s")`,
      () => `sort(${inner})`,
      () => `sort_by_label_desc(${inner}, "i")`,
    ])()
  }

  #scalar(depth: number): string {
    if (depth <= 0 || this.#random() < 0.5) return this.#number()
    return this.#pick([
      () => `scalar(${this.#vector(depth - 1)})`,
      () => 'time()',
      () => `(${this.#scalar(depth - 1)} ${this.#pick(['+', '-', '*', '/', '%', '^', '> bool'])} ${this.#scalar(depth - 1)})`,
      () => `max_of(${this.#scalar(depth - 1)}, ${this.#scalar(depth - 1)})`,
      () => this.#pick(['start()', 'end()', 'step()', 'range()', 'pi()']),
    ])()
  }

  #number(): string {
    return this.#pick(['0', '1', '2', '-1', '0.5', '3.5', '10', '100', '-0.25', '1e3', 'Inf', '-Inf', 'NaN'])
  }

  #ratio(): string {
    return this.#pick(['0', '0.1', '0.25', '0.5', '0.75', '0.9', '0.99', '1', '-1', '2', 'NaN'])
  }

  #duration(): string {
    return this.#pick(['15s', '1m', '2m', '2m30s', '5m', '7m13s', '10m', '20m', '44s'])
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!
  }
}

const NAMES = [
  'c_total',
  'c_total{i="1"}',
  'c_total{s="a"}',
  'g',
  'g{i="2"}',
  'g{i!="1",s="a"}',
  'h',
  'h',
  'h{i="1"}',
  'h{s=~"a|b",i="3"}',
  'hg',
  'n',
  'n{i="2"}',
  'mix',
  'mix{i="1"}',
  'b_bucket',
  'b_bucket{i="1"}',
  'up',
  'nothing',
  '{__name__=~"g|mix"}',
  '{__name__=~"h|n|hg",i="1"}',
]
const OVER_TIME = (
  'rate increase delta irate idelta deriv changes resets sum_over_time avg_over_time min_over_time max_over_time count_over_time ' +
  'last_over_time first_over_time stddev_over_time stdvar_over_time present_over_time mad_over_time ts_of_first_over_time ' +
  'ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time rate increase rate increase sum_over_time avg_over_time'
).split(' ')
const OF_VECTOR =
  'abs ceil floor exp sqrt ln log2 log10 sgn sin cos atan timestamp minute hour day_of_week days_in_month month start_timestamp'.split(
    ' ',
  )
const OF_HISTOGRAM = 'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar'.split(' ')
const AGGREGATIONS = 'sum avg min max count group stddev stdvar sum avg'.split(' ')
const COMPARISONS = ['==', '!=', '>', '<', '>=', '<=']
const OPERATORS = ['+', '-', '*', '/', '%', '^', 'atan2', '</', '>/', ...COMPARISONS]
