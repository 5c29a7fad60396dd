import { printGoDuration, printMatcher, printNumber, printPromDuration, quote } from '@oriel/syntax'
import type {
  BinaryExpr,
  Extraction,
  Grouping,
  LabelFilter,
  LogExpr,
  LogQLExpr,
  Matching,
  MetricExpr,
  RangeExpr,
  Stage,
} from './ast.ts'
import { PRECEDENCE } from './parse-metric.ts'

/** Prints a tree as LogQL text on one line. Parsing the text gives an equal tree, places apart. */
export function printLogQL(expr: LogQLExpr): string {
  return expr.kind === 'log' ? printLog(expr) : printMetric(expr)
}

function printLog({ matchers, stages }: LogExpr): string {
  const selector = `{${matchers.map(printMatcher).join(', ')}}`
  return [selector, ...stages.map(printStage)].join(' ')
}

function printStage(stage: Stage): string {
  switch (stage.kind) {
    case 'lineFilter': {
      const texts = stage.alternatives.map(({ value, isIp }) => (isIp ? `ip(${quote(value)})` : quote(value)))
      return `${stage.op} ${texts.join(' or ')}`
    }
    case 'json':
      return `| json${printExtractions(stage.extractions)}`
    case 'logfmt': {
      const flags = `${stage.isStrict ? ' --strict' : ''}${stage.keepsEmpty ? ' --keep-empty' : ''}`
      return `| logfmt${flags}${printExtractions(stage.extractions)}`
    }
    case 'pattern':
    case 'regexp':
      return `| ${stage.kind} ${quote(stage.text)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'lineFormat':
      return `| line_format ${quote(stage.template)}`
    case 'labelFormat': {
      const formats = stage.formats.map(
        ({ label, from }) => `${label}=${from.kind === 'label' ? from.label : quote(from.template)}`,
      )
      return `| label_format ${formats.join(', ')}`
    }
    case 'labelFilter':
      return `| ${printFilter(stage.filter)}`
    case 'drop':
    case 'keep': {
      const picks = stage.labels.map(({ name, matcher }) => (matcher === undefined ? name : printMatcher({ name, ...matcher })))
      return `| ${stage.kind} ${picks.join(', ')}`
    }
    case 'unwrap':
      return stage.conversion === 'none' ? `| unwrap ${stage.label}` : `| unwrap ${stage.conversion}(${stage.label})`
  }
}

function printExtractions(extractions: readonly Extraction[]): string {
  const printed = extractions.map(({ label, path }) => (label === path ? label : `${label}=${quote(path)}`))
  return printed.length === 0 ? '' : ` ${printed.join(', ')}`
}

/** Joints bind equally and to the left, so only a joint on the right needs parentheses. */
function printFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const right =
        filter.right.kind === 'and' || filter.right.kind === 'or' ? `(${printFilter(filter.right)})` : printFilter(filter.right)
      return `${printFilter(filter.left)} ${filter.kind} ${right}`
    }
    case 'match':
      return printMatcher(filter.matcher)
    case 'ip':
      return `${filter.label} ${filter.op} ip(${quote(filter.value)})`
    case 'number':
    case 'duration':
    case 'bytes':
      return `${filter.label} ${filter.op} ${filter.text}`
  }
}

function printMetric(expr: MetricExpr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr.value)
    case 'vector':
      return `vector(${printNumber(expr.value)})`
    case 'range':
      return printRange(expr)
    case 'aggregate': {
      const parameter = expr.parameter === undefined ? '' : `${printNumber(expr.parameter)}, `
      const grouping = expr.grouping === undefined ? '' : ` ${printGrouping(expr.grouping)} `
      return `${expr.op}${grouping}(${parameter}${printMetric(expr.expr)})`
    }
    case 'binary':
      return printBinary(expr)
    case 'labelReplace': {
      const texts = [expr.destination, expr.replacement, expr.source, expr.regex].map(quote).join(', ')
      return `label_replace(${printMetric(expr.expr)}, ${texts})`
    }
    case 'histogramQuantile':
      return `histogram_quantile(${printNumber(expr.quantile)}, ${printMetric(expr.expr)})`
  }
}

function printRange({ func, log, rangeMs, offsetMs, parameter, grouping }: RangeExpr): string {
  const first = parameter === undefined ? '' : `${printNumber(parameter)}, `
  const offset = offsetMs === 0 ? '' : ` offset ${printDuration(offsetMs)}`
  const by = grouping === undefined ? '' : ` ${printGrouping(grouping)}`
  return `${func}(${first}${printLog(log)} [${printDuration(rangeMs)}]${offset})${by}`
}

/** In Prometheus's units; Go's where days do not help, such as fractions of a second. */
function printDuration(durationMs: number): string {
  return Number.isInteger(durationMs) ? printPromDuration(durationMs) : printGoDuration(BigInt(Math.round(durationMs * 1e6)))
}

function printGrouping({ kind, labels }: Grouping): string {
  return `${kind} (${labels.join(', ')})`
}

function printBinary({ op, left, right, returnsBool, matching }: BinaryExpr): string {
  const own = PRECEDENCE[op]
  const isRightBound = op === '^'
  const leftText = wrapped(left, (of) => of < own || (isRightBound && of === own))
  const rightText = wrapped(right, (of) => of < own || (!isRightBound && of === own))
  const modifiers = `${returnsBool ? ' bool' : ''}${matching === undefined ? '' : ` ${printMatching(matching)}`}`
  return `${leftText} ${op}${modifiers} ${rightText}`
}

function wrapped(expr: MetricExpr, needsParentheses: (precedence: number) => boolean): string {
  const text = printMetric(expr)
  return expr.kind === 'binary' && needsParentheses(PRECEDENCE[expr.op]) ? `(${text})` : text
}

function printMatching({ kind, labels, group }: Matching): string {
  const base = `${kind} (${labels.join(', ')})`
  return group === undefined ? base : `${base} group_${group.side} (${group.include.join(', ')})`
}
