import type { GoObject, Template } from '@oriel/gotemplate'
import { BUILTIN_NAMES, makeObject, makeTextMap, parseTemplate, runTemplate, TemplateError } from '@oriel/gotemplate'
import type { Labels, UnixMs } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import type { RuleQuery, Sample } from '../sample.ts'
import { alertFunctionNames, alertFunctions, histogramOf } from './functions.ts'

/** A text of an alerting rule that may hold actions. */
export interface AlertTemplate {
  readonly text: string
  /** `undefined` for plain text. */
  readonly template: Template | undefined
  /** Why it cannot be read: every expansion gives this message. */
  readonly problem: string | undefined
}

/** What a template of one alert sees. */
export interface ExpansionContext {
  readonly tMs: UnixMs
  readonly externalLabels: Labels
  /** `$externalURL`. */
  readonly externalUrl: string
  /** Where `{{externalURL}}` and `{{pathPrefix}}` point; absent in unit tests, where they fail as in promtool. */
  readonly linkUrl?: string
  readonly query: RuleQuery
}

// Source: Prometheus 3.14 rules/alerting.go: what is put in front of every template.
const PROLOGUE =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'
const NAMES: ReadonlySet<string> = new Set([...BUILTIN_NAMES, ...alertFunctionNames()])
// 10 queries and 16 runs: an annotation that asks for more is a dashboard.
const MAX_QUERIES = 10
const MAX_RUNS = 16

/** Reads a text of the alert `alert`. Does not throw: a text that cannot be read says so wherever it is shown. */
export function compileAlertTemplate(alert: string, text: string): AlertTemplate {
  if (!text.includes('{{')) return { text, template: undefined, problem: undefined }
  const problem = checkAlertTemplate(alert, text)
  if (problem !== undefined) return { text, template: undefined, problem: `error parsing template __alert_${alert}: ${problem}` }
  return { text, template: parseTemplate(`__alert_${alert}`, PROLOGUE + text, NAMES), problem: undefined }
}

/** Why a text of the alert cannot be read, in Prometheus's words; `undefined` when it can. */
export function checkAlertTemplate(alert: string, text: string): string | undefined {
  try {
    parseTemplate(`__alert_${alert}`, PROLOGUE + text, NAMES)
    return undefined
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}

/**
 * Fills a text for one sample. Where the template fails, the answer is `<error expanding template: ...>` and `failed` is told.
 *
 * Source: Prometheus 3.14 rules/alerting.go Eval, expand.
 */
export async function expandAlertText(
  alert: string,
  { text, template, problem }: AlertTemplate,
  sample: Sample,
  context: ExpansionContext,
  failed: (message: string) => void = () => {},
): Promise<string> {
  if (problem === undefined && template === undefined) return text
  try {
    if (template !== undefined) return await runWithQueries(template, dataOf(sample, context), context)
    failed(problem ?? '')
    return `<error expanding template: ${problem ?? ''}>`
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    const message = `error executing template __alert_${alert}: ${error.message}`
    failed(message)
    return `<error expanding template: ${message}>`
  }
}

/** Thrown where a template asks for an answer that is not there yet: it is fetched, and the template runs again. */
class PendingAnswer extends Error {
  readonly expr: string
  constructor(expr: string) {
    super('answer pending')
    this.name = 'PendingAnswer'
    this.expr = expr
  }
}

/** Runs a template whose queries take time: once for each new query, and once more when all answers are there. */
export async function runWithQueries(template: Template, data: GoObject, context: ExpansionContext): Promise<string> {
  const answers = new Map<string, readonly Sample[] | Error>()
  const query = (expr: string): readonly Sample[] => {
    const answer = answers.get(expr)
    if (answer === undefined) throw new PendingAnswer(expr)
    if (answer instanceof Error) throw answer
    return answer
  }
  const { tMs, linkUrl } = context
  const functions = alertFunctions({ tMs, query, ...(linkUrl !== undefined && { externalUrl: linkUrl }) })
  for (let run = 0; run < MAX_RUNS; run++) {
    try {
      return runTemplate(template, data, { functions, missingKey: 'zero' })
    } catch (error) {
      if (!(error instanceof PendingAnswer) || answers.size >= MAX_QUERIES) {
        throw error instanceof PendingAnswer ? tooMany(template) : error
      }
      answers.set(error.expr, await answerOf(context, error.expr))
    }
  }
  throw tooMany(template)
}

function tooMany({ name }: Template): TemplateError {
  return new TemplateError('TEMPLATE_LIMIT', `template: ${name}: over ${MAX_QUERIES} queries`)
}

async function answerOf({ query, tMs }: ExpansionContext, expr: string): Promise<readonly Sample[] | Error> {
  try {
    return await query(expr, tMs)
  } catch (error) {
    // The template decides what its query's failure means: it is thrown where the query stands.
    return error instanceof Error ? new Error(error.message, { cause: error }) : new Error(String(error))
  }
}

function dataOf({ labels, value, histogram }: Sample, { externalLabels, externalUrl }: ExpansionContext): GoObject {
  return makeObject(DATA_TYPE, {
    Labels: makeTextMap(Object.entries(labelsToRecord(labels))),
    ExternalLabels: makeTextMap(Object.entries(labelsToRecord(externalLabels))),
    ExternalURL: externalUrl,
    Value: histogram === undefined ? value : histogramOf(histogram),
  })
}

const DATA_TYPE = 'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }'
