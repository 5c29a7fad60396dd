// Prometheus's own parser table against our parser: promql/parser/parse_test.go, what must parse and what must not.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/promqltest-parser.ts [-v]
// The cases are read from the Go source as text: inputs, whether they fail, and the first error's text and place.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Expr } from '@oriel/promql/syntax'
import { ALL_FEATURES, parse, printExpr } from '@oriel/promql/syntax'
import type { Diagnostic } from '@oriel/syntax'
import { unquote } from '@oriel/syntax'

const file = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus/promql/parser/parse_test.go')
const isVerbose = process.argv.includes('-v')
// As TestParseExpressions makes its parser: fill modifiers stay off.
const FEATURES = { ...ALL_FEATURES, fillModifiers: false }

interface ParserCase {
  readonly input: string
  readonly fails: boolean
  /** Text and start of the first error, where the table gives them as literals. */
  readonly message?: string
  readonly start?: number
}

if (process.env['ORIEL_CONFORMANCE_DIR'] === undefined || !existsSync(file)) {
  console.log('promqltest-parser: skipped, ORIEL_CONFORMANCE_DIR does not hold prometheus/promql/parser/parse_test.go')
} else {
  run(readCases(readFileSync(file, 'utf8')))
}

function run(cases: readonly ParserCase[]): void {
  const failures: string[] = []
  const texts = { compared: 0, sameText: 0, sameStart: 0 }
  for (const row of cases) {
    const { ast, errors } = parse(row.input, FEATURES)
    const [first] = errors
    if ((first !== undefined) !== row.fails) failures.push(`${row.input}\n      ${first?.message ?? 'parsed, expected an error'}`)
    else if (!row.fails && ast !== undefined && !readsBack(ast)) failures.push(`${row.input}\n      prints as ${printExpr(ast)}`)
    if (row.fails && row.message !== undefined) compareError(row, first, texts)
  }
  for (const failure of failures) console.log(`  failed: ${failure}`)
  console.log(`promqltest-parser: ${cases.length - failures.length} passed, ${failures.length} failed`)
  const { compared, sameText, sameStart } = texts
  console.log(`  of ${compared} first errors with a literal text: ${sameText} have the same text, ${sameStart} the same place`)
  if (failures.length > 0) process.exitCode = 1
}

/** Whether the printed expression parses to one that prints the same. */
function readsBack(ast: Expr): boolean {
  const text = printExpr(ast)
  const again = parse(text, FEATURES).ast
  return again !== undefined && printExpr(again) === text
}

function compareError(
  { input, message, start }: ParserCase,
  first: Diagnostic | undefined,
  texts: { compared: number; sameText: number; sameStart: number },
): void {
  texts.compared++
  if (first?.message === message) texts.sameText++
  else if (isVerbose) console.log(`  other text: ${input}\n      ours   ${first?.message ?? 'none'}\n      theirs ${message}`)
  if (first?.span.start === start) texts.sameStart++
}

/** Reads the rows of `testExpr`: every row starts with a line `{` and an `input:`. */
function readCases(source: string): ParserCase[] {
  const start = source.indexOf('var testExpr')
  const end = source.indexOf('\nfunc ', start)
  const cases: ParserCase[] = []
  for (const row of source
    .slice(start, end)
    .split(/\n\t\{\n/)
    .slice(1)) {
    const input = goString(row, /\tinput:\s*/g)
    if (input === undefined) continue
    const message = goString(row, /errors\.New\(/g)
    const place = /Start:\s*(\d+)/.exec(row)?.[1]
    const fails = /\n\t\tfail:\s*true/.test(row)
    cases.push({
      input,
      fails,
      ...(fails && message !== undefined && { message }),
      ...(place !== undefined && { start: Number(place) }),
    })
  }
  return cases
}

/** The Go string literals, joined by `+`, that follow what `before` matches. */
function goString(text: string, before: RegExp): string | undefined {
  before.lastIndex = 0
  if (before.exec(text) === null) return undefined
  let at = before.lastIndex === 0 ? 0 : before.lastIndex
  let value = ''
  for (;;) {
    const literal = /^\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(\+)?/.exec(text.slice(at))
    const parsed = literal?.[1] === undefined ? undefined : unquote(literal[1])
    if (literal === null || parsed?.ok !== true) return value === '' ? undefined : value
    value += parsed.value
    at += literal[0].length
    if (literal[2] === undefined) return value
  }
}
