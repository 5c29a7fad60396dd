import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completeTraceQL } from './complete.ts'
import { lex } from './lex.ts'
import { parseTraceQL, parseTraceQLParts } from './parse.ts'
import { printTraceQL } from './print.ts'

/** The tree without places. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, item: unknown) => (key === 'span' ? undefined : item)))
}

const ACCEPTED = [
  '{}',
  '{ }',
  '{ resource.service.name = "frontend" && duration > 1.5s }',
  '{ span.http.status_code >= 400 && span.http.status_code < 500 || status = error }',
  '{ .http-target =~ "/api/.*" && kind = server && name != `x` }',
  '{ span."my attr".part = true && !(.a = nil) && -.b < -3 }',
  '{ trace:duration > 1h30m && span:childCount = 2 && event:name = "exception" && link:spanID != "" }',
  '{ parent.a = "b" && event.c != nil && instrumentation.d = 1 }',
  '{ 2 * (.a + 3) ^ 2 / 4 % 5 - 1 > .b }',
  '{ .a = "b" } && { .c = "d" } || { .e }',
  '{ .a } >> { .b } > { .c } ~ { .d }',
  '({ .a } || { .b }) && { .c }',
  '{ .a } !> { .b } && { .c } !>> { .d } || { .e } !< { .f } !<< { .g } !~ { .h }',
  '{ .a } &> { .b } &>> { .c } &< { .d } &<< { .e } &~ { .f }',
  '{ status = error } | by(resource.service.name) | count() > 1 | coalesce() | select(name, .x)',
  '{} | avg(duration) * 2 > 1s | { .a } | (max(duration) - min(duration)) >= 10ms',
  '({ .a } | count() > 2) && { .b }',
  '{ .a } | rate() by (resource.service.name, name)',
  '{} | quantile_over_time(duration, .99, 0.9) by (name) | topk(10) with (exemplars=true, sample=0.1)',
  '{} | compare({ status = error }, 10, 1, 2)',
  '{} | histogram_over_time(duration)',
]

describe('parser', () => {
  for (const text of ACCEPTED) {
    test(`accepts and prints ${text}`, () => {
      const query = parseTraceQL(text)
      expect(bare(parseTraceQL(printTraceQL(query)))).toEqual(bare(query))
    })
  }

  test('structural operators bind tighter than &&, && tighter than ||', () => {
    expect(printTraceQL(parseTraceQL('({.a} || ({.b} && ({.c} >> {.d}))) && {.e}'))).toBe(
      '({ .a } || ({ .b } && ({ .c } >> { .d }))) && { .e }',
    )
    expect(bare(parseTraceQL('{.a} || {.b} && {.c} >> {.d}').pipeline.source)).toMatchObject({
      op: '||',
      right: { op: '&&', right: { op: '>>' } },
    })
  })

  const REFUSED: readonly (readonly [text: string, message: string])[] = [
    ['', 'expected a spanset'],
    ['{', 'expected a field'],
    ['{ .a = }', 'expected a field (.name, span.name, duration ...) or a value'],
    ['{ .a = "x }', 'string is not closed'],
    ['{ .a =~ 3 }', 'a regular expression must be a string'],
    ['{ .a =~ "(" }', 'cannot compile regex'],
    ['{ foo = 3 }', 'expected a field'],
    ['{ span:foo = 3 }', 'unknown intrinsic "span:foo"'],
    ['{ . = 3 }', 'attribute without a name'],
    ['{ .a } | count()', 'expected a comparison behind an aggregate'],
    ['{ .a } { .b }', 'expected an operator, "|" or the end of the query'],
    ['{ .a } | nope()', 'expected a spanset'],
    ['{ duration > 5x }', 'is neither a number nor a duration'],
    [`${'('.repeat(300)}{}`, 'nested deeper than 100 levels'],
  ]
  for (const [text, message] of REFUSED) {
    test(`refuses ${text.slice(0, 60)}`, () => expect(() => parseTraceQL(text)).toThrow(message))
  }

  test('tells every broken spanset', () => {
    const { problems } = parseTraceQLParts('{ .a = } && { foo } || { .b =~ "(" }')
    expect(problems.map(({ span }) => span.start)).toEqual([7, 14, 31])
  })

  test('no text makes it throw, and problems lie inside the text', () => {
    const word = fc.constantFrom(...ACCEPTED.flatMap((text) => lex(text).map(({ start, end }) => text.slice(start, end))))
    const soup = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(soup, (text) => {
        const { query, problems } = parseTraceQLParts(text)
        for (const { span } of problems) expect(span.start >= 0 && span.end <= text.length && span.start <= span.end).toBe(true)
        if (query !== undefined && problems.length === 0) {
          expect(bare(parseTraceQL(printTraceQL(query)))).toEqual(bare(query))
        }
        completeTraceQL(text, text.length)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('completion', () => {
  function check(marked: string, want: Partial<ReturnType<typeof completeTraceQL>>): void {
    test(marked, () => expect(completeTraceQL(marked.replace('^', ''), marked.indexOf('^'))).toMatchObject(want))
  }
  check('^', { kind: 'spanset' })
  check('{ ^', { kind: 'field', from: 2 })
  check('{ span.ht^', { kind: 'field', from: 2 })
  check('{ span.^', { kind: 'field', from: 2 })
  check('{ status = ^', { kind: 'value', field: 'status', choices: ['unset', 'ok', 'error'] })
  check('{ resource.service.name = "fr^', { kind: 'value', field: 'resource.service.name', from: 27 })
  check('{ .a = "x" ^', { kind: 'operator' })
  check('{ .a = "x" && ^', { kind: 'field' })
  check('{} | co^', { kind: 'stage', from: 5 })
  check('{} ^', { kind: 'operator' })
})
