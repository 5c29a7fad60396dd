import { compileRegex, OrielError } from '@oriel/model'
import type { ConfigReader } from './config-reader.ts'
import type { RelabelAction, RelabelRule } from './relabel.ts'
import { DEFAULT_RELABEL_REGEX } from './relabel.ts'

/** What names may be made of: any UTF-8 (since Prometheus 3), or letters, digits and underscores. */
export type NameScheme = 'utf8' | 'legacy'

/** Reads `relabel_configs` and its kin under `key`. Throws `IngestError` INGEST_BAD_CONFIG as Prometheus refuses to start. */
export function readRelabelRules(config: ConfigReader, key: string, scheme: NameScheme = 'utf8'): RelabelRule[] {
  return config.list(key).map((rule) => readRule(rule, scheme))
}

const ACTIONS = new Set<string>([
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] satisfies RelabelAction[])

function isAction(text: string): text is RelabelAction {
  return ACTIONS.has(text)
}

function readRule(config: ConfigReader, scheme: NameScheme): RelabelRule {
  if (config.isNull('action')) throw config.error('relabel action cannot be empty', 'action')
  const action = config.string('action', 'replace').toLowerCase()
  if (!isAction(action)) throw config.error(`unknown relabel action ${JSON.stringify(action)}`, 'action')
  const rule: RelabelRule = {
    action,
    sourceLabels: config.strings('source_labels'),
    separator: config.string('separator', DEFAULT_SEPARATOR),
    // An empty value is the empty pattern, as in Go.
    regex: config.isNull('regex') ? (config.ignore('regex'), '') : config.string('regex', DEFAULT_RELABEL_REGEX),
    modulus: BigInt(config.integer('modulus', 0)),
    targetLabel: config.string('target_label', ''),
    replacement: config.string('replacement', DEFAULT_REPLACEMENT),
  }
  check(config, rule)
  checkNames(config, rule, scheme)
  config.finish()
  return rule
}

const DEFAULT_SEPARATOR = ';'
const DEFAULT_REPLACEMENT = '$1'

/** Source: Prometheus 3.14 relabel.Config.Validate. */
function check(config: ConfigReader, rule: RelabelRule): void {
  const { action, targetLabel } = rule
  checkRegex(config, rule.regex)
  const need = (isMet: boolean, what: string): void => {
    if (!isMet) throw config.error(`relabel action ${action} ${what}`, 'action')
  }
  const isPlain = rule.separator === DEFAULT_SEPARATOR && rule.replacement === DEFAULT_REPLACEMENT && rule.modulus === 0n
  if (NEEDS_TARGET.has(action)) need(targetLabel !== '', 'needs target_label')
  if (action === 'lowercase' || action === 'uppercase') need(rule.replacement === DEFAULT_REPLACEMENT, 'takes no replacement')
  if (action === 'hashmod') need(rule.modulus > 0n, 'needs a modulus above 0')
  if (action === 'keepequal' || action === 'dropequal')
    need(isPlain && rule.regex === DEFAULT_RELABEL_REGEX, 'takes only source_labels and target_label')
  if (action === 'labeldrop' || action === 'labelkeep')
    need(isPlain && !config.has('source_labels') && targetLabel === '', 'takes only regex')
}

function checkRegex(config: ConfigReader, regex: string): void {
  try {
    compileRegex(regex, { dotAll: true })
  } catch (error) {
    if (error instanceof OrielError) throw config.error(error.message, 'regex')
    throw error
  }
}

const NEEDS_TARGET = new Set<RelabelAction>(['replace', 'hashmod', 'keepequal', 'dropequal', 'lowercase', 'uppercase'])

/** Names that a rule writes must be names, with references to groups where those are expanded. */
function checkNames(config: ConfigReader, { action, targetLabel, replacement }: RelabelRule, scheme: NameScheme): void {
  const isTemplate = action === 'replace' && /\$/.test(targetLabel)
  if (NEEDS_TARGET.has(action) && !(isTemplate ? isTemplateName(targetLabel, scheme) : isLabelName(targetLabel, scheme)))
    throw config.error(`${JSON.stringify(targetLabel)} is no label name`, 'target_label')
  if (action === 'labelmap' && !isTemplateName(replacement, scheme))
    throw config.error(`${JSON.stringify(replacement)} makes no label name`, 'replacement')
}

/** Whether `name` may name a label. */
export function isLabelName(name: string, scheme: NameScheme): boolean {
  return scheme === 'legacy' ? /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) : name !== ''
}

function isTemplateName(name: string, scheme: NameScheme): boolean {
  return scheme === 'legacy' ? /^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$/.test(name) : name !== ''
}
