import { compileRegex, OrielError } from '@oriel/model'
import type { ConfigReader } from './config-reader.ts'
import type { RelabelAction, RelabelRule } from './relabel.ts'
import { DEFAULT_RELABEL_REGEX } from './relabel.ts'

/** Reads `relabel_configs` and its kin under `key`. Throws `IngestError` INGEST_BAD_CONFIG as Prometheus refuses to start. */
export function readRelabelRules(config: ConfigReader, key: string): RelabelRule[] {
  return config.list(key).map(readRule)
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

function readRule(config: ConfigReader): RelabelRule {
  const action = config.string('action', 'replace').toLowerCase()
  if (!isAction(action)) throw config.error(`unknown relabel action ${JSON.stringify(action)}`, 'action')
  const rule: RelabelRule = {
    action,
    sourceLabels: config.strings('source_labels'),
    separator: config.string('separator', ';'),
    regex: config.string('regex', DEFAULT_RELABEL_REGEX),
    modulus: BigInt(config.integer('modulus', 0)),
    targetLabel: config.string('target_label', ''),
    replacement: config.string('replacement', '$1'),
  }
  check(config, rule)
  config.finish()
  return rule
}

/** Source: Prometheus 3.14 relabel.Config.Validate. */
function check(config: ConfigReader, rule: RelabelRule): void {
  const { action, targetLabel } = rule
  const need = (isMet: boolean, what: string): void => {
    if (!isMet) throw config.error(`relabel action ${action} ${what}`, 'action')
  }
  const unset = (...keys: string[]): boolean => keys.every((key) => !config.has(key))
  if (NEEDS_TARGET.has(action)) need(targetLabel !== '', 'needs target_label')
  if (action === 'lowercase' || action === 'uppercase') {
    need(unset('replacement'), 'takes no replacement')
    need(!targetLabel.includes('$'), 'needs a plain target_label')
  }
  if (action === 'hashmod') need(rule.modulus > 0n, 'needs a modulus above 0')
  if (action === 'keepequal' || action === 'dropequal')
    need(unset('regex', 'modulus', 'separator', 'replacement'), 'takes only source_labels and target_label')
  if (action === 'labeldrop' || action === 'labelkeep')
    need(unset('source_labels', 'target_label', 'modulus', 'separator', 'replacement'), 'takes only regex')
  if (action === 'labelmap') need(rule.replacement !== '', 'needs a replacement')
  try {
    compileRegex(rule.regex, { dotAll: true })
  } catch (error) {
    if (error instanceof OrielError) throw config.error(error.message, 'regex')
    throw error
  }
}

const NEEDS_TARGET = new Set<RelabelAction>(['replace', 'hashmod', 'keepequal', 'dropequal', 'lowercase', 'uppercase'])
