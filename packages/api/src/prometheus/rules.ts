import { createHash } from 'node:crypto'
import type { Matcher } from '@oriel/model'
import { compileMatchers, labelsToRecord } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { AlertingRuleView, AlertView, RecordingRuleView, RuleGroupView } from '../rules-view.ts'
import type { ApiServices } from '../services.ts'
import { goExponent, goTime } from './go-values.ts'
import { matchParameters, parseGoBoolean, parseGoInteger, refuse } from './params.ts'
import { success } from './success.ts'

type Rule = AlertingRuleView | RecordingRuleView

/** GET /api/v1/rules. */
export function rules(services: ApiServices, exchange: Exchange): Answer {
  const { query } = exchange
  const matcherSets = matchParameters(exchange)
  const isShown = ruleFilter(query, matcherSets)
  const hidesAlerts = excludeAlerts(query)
  const page = pageOf(query)
  const inGroups = query.getAll('rule_group[]')
  const inFiles = query.getAll('file[]')
  const shown: Record<string, unknown>[] = []
  let isFound = page.token === ''
  let nextToken = ''
  for (const group of services.rules.groups()) {
    isFound ||= page.token === tokenOf(group)
    if (!isFound || !isAmong(group.name, inGroups) || !isAmong(group.file, inFiles)) continue
    const kept = group.rules.filter(isShown)
    if (kept.length === 0) continue
    if (page.limit > 0 && shown.length === page.limit) {
      nextToken = tokenOf(group)
      break
    }
    shown.push(groupAnswer(group, kept, hidesAlerts))
  }
  if (!isFound) refuse('group_next_token', `invalid group_next_token '${page.token}'. were rule groups changed?`)
  return success({ groups: shown, ...(nextToken !== '' && { groupNextToken: nextToken }) })
}

/** GET /api/v1/alerts. */
export function alerts(services: ApiServices): Answer {
  const all = services.rules
    .groups()
    .flatMap((group) => group.rules.flatMap((rule) => (rule.kind === 'alerting' ? rule.alerts : [])))
  return success({ alerts: all.map(alertAnswer) })
}

/** GET /api/v1/alertmanagers. */
export function alertmanagers(services: ApiServices): Answer {
  const { active, dropped } = services.rules.alertmanagers()
  const urls = (list: readonly string[]) => list.map((url) => ({ url }))
  return success({ activeAlertmanagers: urls(active), droppedAlertmanagers: urls(dropped) })
}

function ruleFilter(query: URLSearchParams, matcherSets: readonly (readonly Matcher[])[]): (rule: Rule) => boolean {
  const kind = (query.get('type') ?? '').toLowerCase()
  if (kind !== '' && kind !== 'alert' && kind !== 'record') refuse('type', `not supported value ${JSON.stringify(kind)}`)
  const names = query.getAll('rule_name[]')
  const tests = matcherSets.map(compileMatchers)
  return (rule) => {
    if (kind !== '' && (kind === 'alert') !== (rule.kind === 'alerting')) return false
    if (!isAmong(rule.name, names)) return false
    return tests.length === 0 || tests.some((test) => test(rule.labels))
  }
}

function isAmong(text: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.includes(text)
}

function excludeAlerts(query: URLSearchParams): boolean {
  const text = (query.get('exclude_alerts') ?? '').toLowerCase()
  if (text === '') return false
  const parsed = parseGoBoolean(text)
  return parsed.ok ? parsed.value : refuse('exclude_alerts', `error converting exclude_alerts: ${parsed.why}`)
}

function pageOf(query: URLSearchParams): { limit: number; token: string } {
  const text = query.get('group_limit') ?? ''
  const token = query.get('group_next_token') ?? ''
  if (token !== '' && text === '') {
    refuse('group_next_token', 'group_limit needs to be present in order to paginate over the groups')
  }
  if (text === '') return { limit: 0, token: '' }
  const parsed = parseGoInteger(text)
  if (!parsed.ok) {
    const why = parsed.why.replace('strconv.Atoi', 'strconv.ParseInt')
    return refuse('group_limit', `group_limit needs to be a valid number: ${why}`)
  }
  if (parsed.value <= 0) return refuse('group_limit', 'group_limit needs to be greater than 0')
  return { limit: parsed.value, token }
}

function tokenOf({ file, name }: RuleGroupView): string {
  return createHash('sha256').update(`${file};${name}`).digest('hex')
}

function groupAnswer(group: RuleGroupView, shown: readonly Rule[], hidesAlerts: boolean): Record<string, unknown> {
  return {
    name: group.name,
    file: group.file,
    rules: shown.map((rule) => (rule.kind === 'alerting' ? alertingAnswer(rule, hidesAlerts) : recordingAnswer(rule))),
    interval: group.intervalMs / 1_000,
    limit: group.limit,
    evaluationTime: group.evaluationMs / 1_000,
    lastEvaluation: goTime(group.lastEvaluationMs),
  }
}

function alertingAnswer(rule: AlertingRuleView, hidesAlerts: boolean): Record<string, unknown> {
  return {
    state: rule.state,
    name: rule.name,
    query: rule.query,
    duration: rule.holdMs / 1_000,
    keepFiringFor: rule.keepFiringMs / 1_000,
    labels: labelsToRecord(rule.labels),
    annotations: labelsToRecord(rule.annotations),
    alerts: hidesAlerts ? null : rule.alerts.map(alertAnswer),
    health: rule.health,
    ...(rule.lastError !== '' && { lastError: rule.lastError }),
    evaluationTime: rule.evaluationMs / 1_000,
    lastEvaluation: goTime(rule.lastEvaluationMs),
    type: 'alerting',
  }
}

function recordingAnswer(rule: RecordingRuleView): Record<string, unknown> {
  return {
    name: rule.name,
    query: rule.query,
    labels: labelsToRecord(rule.labels),
    health: rule.health,
    ...(rule.lastError !== '' && { lastError: rule.lastError }),
    evaluationTime: rule.evaluationMs / 1_000,
    lastEvaluation: goTime(rule.lastEvaluationMs),
    type: 'recording',
  }
}

function alertAnswer({ labels, annotations, state, activeAtMs, keepFiringSinceMs, value }: AlertView): Record<string, unknown> {
  return {
    labels: labelsToRecord(labels),
    annotations: labelsToRecord(annotations),
    state,
    activeAt: goTime(activeAtMs),
    ...(keepFiringSinceMs !== undefined && { keepFiringSince: goTime(keepFiringSinceMs) }),
    value: goExponent(value),
  }
}
