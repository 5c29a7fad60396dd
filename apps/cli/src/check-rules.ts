// `oriel check rules`, as promtool has it. Source: Prometheus 3.14 cmd/promtool/main.go checkRules.

import { readFileSync } from 'node:fs'
import type { RuleFile } from '@oriel/alert'
import { findDuplicateRules, parseRuleFile, readRuleFile } from '@oriel/alert'
import { OrielError } from '@oriel/model'
import { featuresOfFlags } from '@oriel/promql/syntax'
import type { Outcome } from './outcome.ts'
import { EXIT } from './outcome.ts'

/** Flags of `oriel check rules`, and of what checks rules on the way. */
export interface CheckRulesFlags {
  /** `duplicate-rules`, `all`, `none`, or several with commas. */
  readonly lint: string
  readonly lintFatal?: boolean
  readonly ignoreUnknownFields?: boolean
  /** Feature flags of Prometheus, with commas. */
  readonly enableFeature?: string
  readonly names?: 'utf8' | 'legacy'
}

const LINTS = new Set(['all', 'duplicate-rules', 'none', 'too-long-scrape-interval', ''])

/** Checks rule files, or standard input when there are none. */
export function checkRules(files: readonly string[], flags: CheckRulesFlags): Outcome {
  const options = {
    features: featuresOfFlags((flags.enableFeature ?? '').split(',')),
    ignoresUnknownFields: flags.ignoreUnknownFields === true,
    names: flags.names ?? ('utf8' as const),
  }
  const lints = flags.lint.split(',')
  const text = lints.filter((lint) => !LINTS.has(lint)).map((lint) => `WARNING: unknown lint option: ${JSON.stringify(lint)}\n`)
  const checked =
    files.length === 0
      ? [checkOne('standard input', lints, () => parseRuleFile(readFileSync(0, 'utf8'), options))]
      : files.map((file) => checkOne(file, lints, () => readRuleFile(file, options)))
  const hasErrors = checked.some(({ result }) => result === 'bad')
  const hasLints = checked.some(({ result }) => result === 'lint')
  return {
    text: [...text, ...checked.map((one) => one.text)].join(''),
    errors: checked.map(({ errors }) => errors).join(''),
    exitCode: hasErrors ? EXIT.failure : hasLints && flags.lintFatal === true ? EXIT.lint : EXIT.success,
  }
}

interface Checked {
  readonly text: string
  readonly errors: string
  readonly result: 'good' | 'lint' | 'bad'
}

function checkOne(name: string, lints: readonly string[], read: () => RuleFile): Checked {
  const head = `Checking ${name}\n`
  let file: RuleFile
  try {
    file = read()
  } catch (error) {
    if (!(error instanceof OrielError)) throw error
    return { text: `${head}\n`, errors: `  FAILED:\n${error.message}\n`, result: 'bad' }
  }
  const notes = file.notes.map((note) => `  WARNING: ${note}\n`).join('')
  if (file.problems.length > 0) {
    const errors = file.problems.map((problem) => `${name}: ${problem}\n`).join('')
    return { text: `${head}\n`, errors: `  FAILED:\n${errors}`, result: 'bad' }
  }
  const found = lints.includes('all') || lints.includes('duplicate-rules') ? printDuplicates(file) : ''
  if (found !== '') return { text: `${head}\n`, errors: `${notes}  FAILED:\n${found}`, result: 'lint' }
  const rules = file.groups.reduce((sum, group) => sum + group.rules.length, 0)
  return { text: `${head}  SUCCESS: ${rules} rules found\n\n`, errors: notes, result: 'good' }
}

function printDuplicates({ groups }: RuleFile): string {
  const duplicates = findDuplicateRules(groups)
  if (duplicates.length === 0) return ''
  const lines = duplicates.map(({ name, labels, lines: at }) => {
    const own = labels.map((label) => `\t${label.name}: ${label.value}\n`).join('')
    return `Metric: ${name}\nLabel(s):\n${own}Line(s): ${at.join(', ')}\n`
  })
  return `lint error ${duplicates.length} duplicate rule(s) found.\n${lines.join('')}Might cause inconsistency while recording expressions\n`
}
