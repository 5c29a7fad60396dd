import { compileMatcher } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { JsonStage, LabelFormatStage, LabelsStage, LogfmtStage, Stage } from './ast.ts'
import type { LineLabels } from './line-labels.ts'
import { ERROR } from './line-labels.ts'
import type { JsonPath, Wanted } from './stages/json.ts'
import { extractJson, isJsonObject, jsonAt, parseJsonPath } from './stages/json.ts'
import { compileLabelFilter } from './stages/label-filter.ts'
import { compileLineFilter } from './stages/line-filter.ts'
import { extractLogfmt, scanLogfmt } from './stages/logfmt.ts'
import { compilePatternParser, compileRegexpParser, decolorize, unpack } from './stages/text.ts'
import { compileTemplate } from './template/template.ts'

/** Takes a line with its labels (changed in place) and gives back the line to go on with, or `undefined` to drop it. */
export type PipelineStep = (line: string, labels: LineLabels, tNs: bigint) => string | undefined

/**
 * Compiles stages (without `unwrap`) into one step. A hot path: no object per line beside new texts.
 *
 * `wanted` names the labels that anything behind the stages reads; parsers then skip others. Absent means all.
 * Throws `QueryError` QUERY_UNSUPPORTED for template functions that are not offered.
 */
export function compilePipeline(stages: readonly Stage[], wanted: Wanted): PipelineStep {
  const steps = stages.filter((stage) => stage.kind !== 'unwrap').map((stage) => compileStage(stage, wanted))
  const [only] = steps
  if (only === undefined) return (line) => line
  if (steps.length === 1) return only
  return (line, labels, tNs) => {
    let current: string | undefined = line
    for (let i = 0; i < steps.length && current !== undefined; i++) current = steps[i]!(current, labels, tNs)
    return current
  }
}

/** Names that the stages themselves read from labels, or `undefined` when that cannot be told (templates). */
export function labelsRead(stages: readonly Stage[]): Set<string> | undefined {
  const names = new Set<string>()
  for (const stage of stages) {
    if (stage.kind === 'lineFormat' || stage.kind === 'labelFormat' || stage.kind === 'unpack') return undefined
    if (stage.kind === 'labelFilter') addFilterNames(stage.filter, names)
    if (stage.kind === 'drop' || stage.kind === 'keep') for (const { name } of stage.labels) names.add(name)
    if (stage.kind === 'unwrap') names.add(stage.label)
  }
  // A name may have come to its suffix by a conflict: then the parser must read the name without it.
  for (const name of names) if (name.endsWith('_extracted')) names.add(name.slice(0, -'_extracted'.length))
  return names
}

type FilterNode = Extract<Stage, { kind: 'labelFilter' }>['filter']

function addFilterNames(filter: FilterNode, names: Set<string>): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      addFilterNames(filter.left, names)
      addFilterNames(filter.right, names)
      break
    case 'match':
      names.add(filter.matcher.name)
      break
    case 'ip':
    case 'number':
    case 'duration':
    case 'bytes':
      names.add(filter.label)
  }
}

function compileStage(stage: Exclude<Stage, { kind: 'unwrap' }>, wanted: Wanted): PipelineStep {
  switch (stage.kind) {
    case 'lineFilter': {
      const test = compileLineFilter(stage)
      return (line) => (test(line) ? line : undefined)
    }
    case 'json':
      return compileJson(stage, wanted)
    case 'logfmt':
      return compileLogfmt(stage, wanted)
    case 'pattern':
    case 'regexp': {
      const extract = stage.kind === 'pattern' ? compilePatternParser(stage.text) : compileRegexpParser(stage.text)
      return (line, labels) => {
        extract(line, labels)
        return line
      }
    }
    case 'unpack':
      return stepUnpack
    case 'decolorize':
      return decolorize
    case 'lineFormat': {
      const run = compileTemplate(stage.template)
      return (line, labels, tNs) => {
        const result = run({ line, labels, tNs })
        if (result.ok) return result.value
        labels.setError('TemplateFormatErr', result.reason)
        return line
      }
    }
    case 'labelFormat':
      return compileLabelFormat(stage)
    case 'labelFilter': {
      const test = compileLabelFilter(stage.filter)
      return (line, labels) => (test(labels) ? line : undefined)
    }
    case 'drop':
    case 'keep':
      return stage.kind === 'drop' ? compileDrop(stage) : compileKeep(stage)
  }
}

function compileJson({ extractions }: JsonStage, wanted: Wanted): PipelineStep {
  if (extractions.length === 0) {
    return (line, labels) => {
      if (!extractJson(line, labels, wanted)) labels.setError('JSONParserErr', 'the line is not a JSON object')
      return line
    }
  }
  const paths = extractions.map(({ label, path, span }) => ({ label, path: jsonPath(path, span) }))
  return (line, labels) => {
    if (!isJsonObject(line)) {
      labels.setError('JSONParserErr', 'the line is not a JSON object')
      return line
    }
    for (const { label, path } of paths) labels.extract(label, jsonAt(line, path) ?? '')
    return line
  }
}

function jsonPath(text: string, span: { start: number; end: number }): JsonPath {
  const path = parseJsonPath(text)
  if (path === undefined) {
    throw new QueryError('QUERY_SYNTAX', `cannot read JSON path ${JSON.stringify(text)}: expected such as a.b[0]["c"]`, { span })
  }
  return path
}

function compileLogfmt({ isStrict, extractions }: LogfmtStage, wanted: Wanted): PipelineStep {
  if (extractions.length === 0) {
    return (line, labels) => {
      const problem = extractLogfmt(line, labels, wanted, isStrict)
      if (problem !== undefined) labels.setError('LogfmtParserErr', problem)
      return line
    }
  }
  const labelsOf = new Map<string, string[]>()
  for (const { label, path } of extractions) labelsOf.set(path, [...(labelsOf.get(path) ?? []), label])
  const wants = (key: string): boolean => labelsOf.has(key)
  return (line, labels) => {
    const take = (key: string, value: string): void => {
      for (const label of labelsOf.get(key) ?? []) labels.extract(label, value)
    }
    const problem = scanLogfmt(line, isStrict, { wants, take })
    if (problem !== undefined) labels.setError('LogfmtParserErr', problem)
    return line
  }
}

function stepUnpack(line: string, labels: LineLabels): string {
  const entry = unpack(line, labels)
  if (entry !== undefined) return entry
  labels.setError('JSONParserErr', 'the line is not a packed JSON object')
  return line
}

function compileLabelFormat({ formats }: LabelFormatStage): PipelineStep {
  const steps = formats.map(({ label, from }) => {
    if (from.kind === 'label') {
      return (_line: string, labels: LineLabels) => {
        const value = labels.get(from.label)
        labels.set(label, value)
        if (from.label !== label) labels.delete(from.label)
      }
    }
    const run = compileTemplate(from.template)
    return (line: string, labels: LineLabels, tNs: bigint) => {
      const result = run({ line, labels, tNs })
      if (result.ok) labels.set(label, result.value)
      else labels.setError('TemplateFormatErr', result.reason)
    }
  })
  return (line, labels, tNs) => {
    for (const step of steps) step(line, labels, tNs)
    return line
  }
}

function compileDrop({ labels: picks }: LabelsStage): PipelineStep {
  const tests = compilePicks(picks)
  return (line, labels) => {
    for (const { name, test } of tests) if (test(labels.get(name))) labels.delete(name)
    return line
  }
}

function compileKeep({ labels: picks }: LabelsStage): PipelineStep {
  const tests = compilePicks(picks)
  return (line, labels) => {
    for (const [name, value] of labels.entries()) {
      // Errors stay visible: dropping them would hide what went wrong with the line.
      if (name.startsWith(ERROR.slice(0, -2))) continue
      if (!tests.some((pick) => pick.name === name && pick.test(value))) labels.delete(name)
    }
    return line
  }
}

function compilePicks(picks: LabelsStage['labels']): { name: string; test: (value: string) => boolean }[] {
  return picks.map(({ name, matcher }) => ({
    name,
    test: matcher === undefined ? () => true : compileMatcher({ name, ...matcher }),
  }))
}
