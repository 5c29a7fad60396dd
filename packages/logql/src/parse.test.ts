import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completeLogQL } from './complete.ts'
import { lex } from './lex.ts'
import { parseLogQL, parseLogQLParts } from './parse.ts'
import { printLogQL } from './print.ts'

/** The tree without places. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, item: unknown) => (key === 'span' ? undefined : item)))
}

// Every query of the teaching material that the product is built against, and one of each construct.
const ACCEPTED = [
  '{namespace="production", app="payment-service"}',
  '{app="api"} |= "error"',
  '{app="api"} != "health"',
  '{app="api"} |~ "status=5.."',
  '{app="api"} | json | level="error"',
  '{app="api"} | json | status_code >= 500',
  'count_over_time({app="api"} |= "error" [5m])',
  'rate({app="api"} [5m])',
  'sum(rate({app="api"} | json | level="error" [5m])) by (service) / sum(rate({app="api"} [5m])) by (service)',
  '{job="payment-service"} | json | level="error" | duration > 1s',
  'sum(count_over_time({job="payment-service"}[5m])) by (level)',
  'histogram_quantile(0.99, sum(rate({job="api"}[5m])) by (le))',
  '{a="b",} # a comment\n|= `raw "text"`',
  '{a="b"} |= "x" or "y" != ip("10.0.0.0/8") |> "<_> x <_>" !> "y" !~ "z"',
  '{a="b"} | logfmt --strict --keep-empty x, y="z" | json a="b.c[0]", d',
  '{a="b"} | pattern "<x> <_>" | regexp "(?P<y>.)" | unpack | decolorize',
  '{a="b"} | line_format "{{.x}}" | label_format c=d, e="{{.f}}"',
  '{a="b"} | x="1" and (y>2 or z<=5ms), w!=1.5KiB v==-3 | u=ip("::1") | t=~"a|b"',
  '{a="b"} | drop x, y="z" | keep u=~"v"',
  'quantile_over_time(0.99, {a="b"} | json | unwrap duration(x) | __error__="" [1h30m] offset -5m) by (c)',
  'sum by (x) (rate(({a="b"} |= "c")[1m])) > bool 3',
  'rate({a="b"}[5m] | json)',
  'rate({a="b"}[5m] offset 1d |= "c")',
  'topk(3, sum without (x) (bytes_rate({a="b"}[1s])))',
  'approx_topk(3, sum by (x) (rate({a="b"}[1s])))',
  'sort_desc(max(count_over_time({a="b"}[1m])))',
  'absent_over_time({a="b"}[1m]) or vector(0) unless vector(1) and vector(2)',
  'label_replace(rate({a="b"}[1m]), "x", "$1", "a", "(.*)")',
  'rate({a="b"}[1m]) / on (x) group_left (y) rate({a="c"}[1m]) + ignoring (z) group_right () rate({a="d"}[1m])',
  '2 ^ 3 ^ -1 * (4 - 5 - 6) % 7 == 8',
  '({a="b"} |= "c")',
]

describe('parser', () => {
  for (const text of ACCEPTED) {
    test(`accepts and prints ${text}`, () => {
      const expr = parseLogQL(text)
      expect(bare(parseLogQL(printLogQL(expr)))).toEqual(bare(expr))
    })
  }

  test('powers bind to the right and the rest to the left', () => {
    expect(printLogQL(parseLogQL('2 ^ (3 ^ 2) - (1 - 2)'))).toBe('2 ^ 3 ^ 2 - (1 - 2)')
  })

  const REFUSED: readonly (readonly [text: string, message: string])[] = [
    ['', 'found the end of the query'],
    ['{', 'stream selector is not closed'],
    ['{a}', 'expected =, !=, =~ or !~'],
    ["{a='b'}", 'strings stand in double quotes or backticks'],
    ['{a="b"} | jsn', 'unknown stage "jsn"'],
    ['{a="b"} |~ "("', 'cannot compile regex'],
    ['{a="b"} | x > "1"', 'write the value without quotes'],
    ['{a="b"} | x =~ 1', 'put the value in quotes'],
    ['{a="b"} | unwrap x', 'unwrap stands only inside a range aggregation'],
    ['{a="b"} | regexp "x"', 'needs at least one named capture'],
    ['{a="b"} | pattern "x"', 'needs at least one named capture'],
    ['{a="b"} | pattern "<a><b>"', 'captures touch each other'],
    ['rate({a="b"})', 'expected a range such as [5m]'],
    ['rate({a="b"}[5m][5m])', 'found a second range'],
    ['rate({a="b"}[5m] @ 1)', 'LogQL has no @ modifier'],
    ['rate({a="b"}[5x])', 'is no number, duration or size'],
    ['count_over_time({a="b"} | unwrap x [5m])', 'works on lines'],
    ['rate({a="b"}[5m]) by (x)', 'rate takes no grouping'],
    ['quantile_over_time({a="b"} | unwrap x [5m])', 'needs a quantile'],
    ['sum({a="b"})', 'expected a metric query, found a log query'],
    ['foo({a="b"}[5m])', 'unknown function "foo"'],
    ['variants(rate({a="b"}[1m])) of ({a="b"}[1m])', 'variants(...) of (...) is not supported'],
    ['1 and 2', 'and joins vectors, not numbers'],
    [`${'('.repeat(200)}1`, 'nested deeper than 100 levels'],
  ]
  for (const [text, message] of REFUSED) {
    test(`refuses ${text.slice(0, 60)}`, () => expect(() => parseLogQL(text)).toThrow(message))
  }

  test('goes on after an error and tells every place', () => {
    const { problems } = parseLogQLParts('{a=x, b="1"} | jsn | c>"2" |~ "("')
    expect(problems.map(({ span }) => span.start)).toEqual([3, 15, 22, 30])
  })

  test('no text makes it throw, and problems lie inside the text', () => {
    const word = fc.constantFrom(...ACCEPTED.flatMap((text) => lex(text).map(({ start, end }) => text.slice(start, end))))
    const soup = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(soup, (text) => {
        const { expr, problems } = parseLogQLParts(text)
        for (const { span } of problems) expect(span.start >= 0 && span.end <= text.length && span.start <= span.end).toBe(true)
        if (expr !== undefined && problems.length === 0) {
          expect(bare(parseLogQL(printLogQL(expr)))).toEqual(bare(expr))
        }
        completeLogQL(text, text.length)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('completion', () => {
  function check(marked: string, want: Partial<ReturnType<typeof completeLogQL>>): void {
    test(marked, () => expect(completeLogQL(marked.replace('^', ''), marked.indexOf('^'))).toMatchObject(want))
  }
  check('{^', { kind: 'labelName', from: 1, to: 1 })
  check('{na^me="x"}', { kind: 'labelName', from: 1, to: 5 })
  check('{a="b", c="d^', { kind: 'labelValue', label: 'c', from: 11, matchers: [{ name: 'a', op: '=', value: 'b' }] })
  check('{a="b"} | js^', { kind: 'stage', from: 10 })
  check('{a="b"} | unwrap ^', { kind: 'parsedLabel', matchers: [{ name: 'a', op: '=', value: 'b' }] })
  check('rate({a="b"}[^', { kind: 'duration' })
  check('sum by (^', { kind: 'parsedLabel' })
  check('su^', { kind: 'function', from: 0 })
  check('sum(^', { kind: 'function' })
  check('{a="b"} |= "te^', { kind: 'nothing' })
})
