import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AlertError } from './errors.ts'
import type { RuleFile, RuleFileOptions, RuleGroupSpec } from './rule-file.ts'
import { parseRuleFile } from './rule-file.ts'

/** A group and the file it stands in. */
export interface LoadedGroup {
  readonly file: string
  readonly spec: RuleGroupSpec
}

/** Files by the patterns of `rule_files` (`*`, `?` and `[...]`), relative to `directory`, each once, by name. */
export function findRuleFiles(patterns: readonly string[], directory: string): string[] {
  const files = patterns.flatMap((pattern) => globSync(resolve(directory, pattern)).sort())
  return [...new Set(files)]
}

/** Reads a rule file. Throws ALERT_NO_FILE where it is not there. */
export function readRuleFile(file: string, options: RuleFileOptions = {}): RuleFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AlertError('ALERT_NO_FILE', `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  return parseRuleFile(text, options)
}

/** Reads rule files, all or nothing. Throws ALERT_BAD_RULES with every problem of every file, ALERT_NO_FILE. */
export function loadRuleFiles(
  files: readonly string[],
  options: RuleFileOptions = {},
): { groups: LoadedGroup[]; notes: string[] } {
  const groups: LoadedGroup[] = []
  const problems: string[] = []
  const notes: string[] = []
  for (const file of files) {
    const read = readRuleFile(file, options)
    problems.push(...read.problems.map((problem) => `${file}: ${problem}`))
    notes.push(...read.notes.map((note) => `${file}: ${note}`))
    groups.push(...read.groups.map((spec) => ({ file, spec })))
  }
  if (problems.length > 0) throw new AlertError('ALERT_BAD_RULES', `cannot load rules:\n${problems.join('\n')}`)
  return { groups, notes }
}
