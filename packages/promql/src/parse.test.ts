import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Expr } from './ast.ts'
import { ALL_FEATURES } from './features.ts'
import { FUNCTIONS } from './functions.ts'
import { parse, parseExpr } from './parse.ts'
import { formatExpr, printExpr } from './print.ts'

describe('parse', () => {
  it('errors have the place in front and the words of Prometheus', () => {
    const check = (text: string, want: string) => expect(() => parseExpr(text)).toThrow(want)
    check('', '1:1: parse error: no expression found in input')
    check('1 +', '1:4: parse error: unexpected end of input')
    check('foo bar', '1:5: parse error: unexpected identifier "bar"')
    check('sum(foo) by', '1:12: parse error: unexpected end of input in grouping opts, expected "("')
    check('foo{a=}', '1:7: parse error: unexpected "}" in label matching, expected string')
    check('foo{a="b"', '1:10: parse error: unexpected end of input inside braces')
    check('(foo', '1:5: parse error: unclosed left parenthesis')
    check('foo[5m', '1:7: parse error: unclosed left bracket')
    check('rate(foo)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector')
    check('sum(1)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar')
    check('nosuch(foo)', '1:1: parse error: unknown function with name "nosuch"')
    check('foo offset 1m offset 2m', '1:1: parse error: offset may not be set multiple times')
    check('1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier')
    check('{a=""}', '1:1: parse error: vector selector must contain at least one non-empty matcher')
    check('a and on(x) group_left b', '1:1: parse error: no grouping allowed for "and" operation')
  })

  it('an error on a later line names that line', () => {
    expect(() => parseExpr('sum(\n  rate(foo[5m])\n) by )')).toThrow("3:6: parse error: unexpected right parenthesis ')'")
  })

  it('goes on after an error in one argument and reports the others', () => {
    const { errors } = parse('clamp(a b, c d, 1 1)')
    expect(errors.map(({ message }) => message)).toEqual([
      'unexpected identifier "b"',
      'unexpected identifier "d"',
      'unexpected number "1"',
    ])
  })

  it('what a flag switches on is refused by the name of the flag or function', () => {
    const check = (text: string, want: string) => {
      expect(parse(text).errors[0]).toMatchObject({ code: 'QUERY_FEATURE_OFF', message: want })
      expect(parse(text, ALL_FEATURES).errors).toEqual([])
    }
    check('limitk(1, foo)', 'limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions')
    check('mad_over_time(foo[5m])', 'function "mad_over_time" is not enabled')
    check('rate(foo[5m] anchored)', 'anchored modifier is experimental and not enabled')
    check('a + fill(0) b', 'binop fill modifiers are experimental and not enabled')
  })

  it('operators bind as in Prometheus', () => {
    const check = (text: string, want: string) => expect(shape(parseExpr(text))).toBe(want)
    check('a + b * c ^ d ^ e', '(a + (b * (c ^ (d ^ e))))')
    check('a or b and c unless d', '(a or ((b and c) unless d))')
    check('-a ^ 2 * b', '(-((a ^ 2)) * b)')
    check('a - b - c', '((a - b) - c)')
    check('a == bool b + c', '(a == (b + c))')
    check('foo offset -2 ^ 2', '(foo ^ 2)')
  })

  it('keywords are names where a name must stand', () => {
    const check = (text: string) => expect(parse(text).errors).toEqual([])
    check('sum')
    check('offset{by="x"}')
    check('sum by (by, without, sum) (avg)')
    check('start + end')
    check('{"utf-8 métrique", "label with space"="x"}')
  })

  it('spans cover what they name, modifiers included', () => {
    const text = 'sum(rate(foo{a="b"}[5m] offset 1m)) by (x)'
    const spans: string[] = []
    const visit = (expr: Expr) => {
      spans.push(text.slice(expr.span.start, expr.span.end))
      if (expr.kind === 'aggregation') visit(expr.expr)
      if (expr.kind === 'call') expr.args.forEach(visit)
    }
    visit(parseExpr(text))
    expect(spans).toEqual([text, 'rate(foo{a="b"}[5m] offset 1m)', 'foo{a="b"}[5m] offset 1m'])
  })

  it('never throws and never hangs, whatever the text', () => {
    const word = fc.constantFrom(
      ...'sum by ( ) [ ] { } , 5m foo a "b" = =~ + - ^ @ offset : start() 1 rate bool on group_left # \n'.split(' '),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const { errors } = parse(text, ALL_FEATURES)
          for (const { span } of errors) expect(span.start <= span.end && span.end <= text.length).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('print', () => {
  const EVERYDAY = [
    'http_requests_total{status=~"2.."}',
    'http_requests_total{status!~"2.."}',
    'http_requests_total[5m]',
    'http_requests_total[1h]',
    'rate(http_requests_total[5m])',
    'irate(http_requests_total[5m])',
    'increase(http_requests_total[1h])',
    'delta(memory_bytes_used[10m])',
    'sum(rate(http_requests_total[5m])) by (service)',
    'sum(rate(http_requests_total[5m])) without (instance)',
    'avg(memory_bytes_used) by (node)',
    'max(cpu_usage_percent)',
    'count(up == 1) by (job)',
    'sum(rate(http_requests_total{status=~"5.."}[5m])) by (service) / sum(rate(http_requests_total[5m])) by (service)',
    'rate(http_requests_total{status=~"5.."}[5m]) / rate(http_requests_total[5m])',
    'histogram_quantile(0.50, sum(rate(http_request_duration_seconds_bucket[5m])) by (le))',
    'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, service))',
    'histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[5m]))',
    'rate(kube_pod_container_status_restarts_total[15m]) * 60 * 15 > 0',
    '1 - ( sum(rate(http_requests_total{status=~"5.."}[30d])) / sum(rate(http_requests_total[30d])) ) / (1 - 0.999)',
  ]

  it('everyday queries read back as what they were', () => {
    for (const text of EVERYDAY) {
      const printed = printExpr(parseExpr(text))
      expect(shape(parseExpr(printed))).toBe(shape(parseExpr(text)))
      expect(printExpr(parseExpr(printed))).toBe(printed)
      expect(shape(parseExpr(formatExpr(parseExpr(text))))).toBe(shape(parseExpr(text)))
    }
  })

  it('one line is written as Prometheus writes it', () => {
    const check = (text: string, want: string) => expect(printExpr(parseExpr(text, ALL_FEATURES))).toBe(want)
    check('sum(x)by(b,a)', 'sum by (b, a) (x)')
    check('x{b="1",a!="2"}[90s]@5 offset 1h30m', 'x{a!="2",b="1"}[1m30s] @ 5.000 offset 1h30m')
    check('a+on(x)group_left(y)b', 'a + on (x) group_left (y) b')
    check('topk(3,x)', 'topk(3, x)')
    check('x[1h:]', 'x[1h:]')
    check('1e30 + 1e-7', '1000000000000000000000000000000 + 0.0000001')
    check("{'a b'='c\\n'}", '{"a b"="c\\n"}')
    check('foo[5m + step()] smoothed', 'foo[5m + step()] smoothed')
  })

  it('long expressions are laid out over lines', () => {
    const text = `sum by (service) (rate(${'very_'.repeat(12)}long_name_total{status=~"5.."}[5m])) / sum(rate(requests_total[5m]))`
    expect(formatExpr(parseExpr(text))).toBe(
      [
        `  sum by (service) (`,
        `    rate(${'very_'.repeat(12)}long_name_total{status=~"5.."}[5m])`,
        `  )`,
        `/`,
        `  sum(rate(requests_total[5m]))`,
      ].join('\n'),
    )
  })

  it('any expression reads back as what it was', () => {
    fc.assert(
      fc.property(expression(3), (text) => {
        const ast = parseExpr(text, ALL_FEATURES)
        expect(shape(parseExpr(printExpr(ast), ALL_FEATURES))).toBe(shape(ast))
        expect(shape(parseExpr(formatExpr(ast), ALL_FEATURES))).toBe(shape(ast))
      }),
      { numRuns: 500 },
    )
  })
})

/** The tree with every operation in parentheses, without places. */
function shape(expr: Expr): string {
  switch (expr.kind) {
    case 'binary':
      return `(${shape(expr.lhs)} ${expr.op} ${shape(expr.rhs)})`
    case 'unary':
      return `${expr.op}(${shape(expr.expr)})`
    case 'paren':
      return shape(expr.expr)
    case 'call':
      return `${expr.name}(${expr.args.map(shape).join(', ')})`
    case 'aggregation':
      return `${expr.op}${expr.isWithout ? ' without' : ' by'}(${expr.grouping.join()})(${expr.param === undefined ? '' : `${shape(expr.param)}; `}${shape(expr.expr)})`
    case 'vectorSelector':
      return expr.name === '' ? printExpr(expr) : expr.name
    case 'matrixSelector':
    case 'number':
    case 'string':
    case 'subquery':
      return printExpr(expr)
  }
}

/** Random vector expressions. */
function expression(depth: number): fc.Arbitrary<string> {
  const selector = fc
    .tuple(
      fc.constantFrom('up', 'http_requests_total', 'a:b', '{job="x"}', 'x{a="1",b!~"c|d"}'),
      fc.constantFrom('', ' offset 5m', ' @ 10', ' @ end() offset -1h', ' offset (5m - 2s)'),
    )
    .map((parts) => parts.join(''))
  if (depth === 0) return selector
  const inner = expression(depth - 1)
  const unary = [...FUNCTIONS.values()].filter(({ argTypes }) => argTypes.length === 1 && argTypes[0] === 'vector')
  return fc.oneof(
    selector,
    fc
      .tuple(fc.constantFrom(...unary.map(({ name }) => name)), inner)
      .map(([name, arg]) => (name === 'scalar' ? arg : `${name}(${arg})`)),
    fc.tuple(fc.constantFrom('sum', 'avg by (a, "b c")', 'max without (x)', 'count'), inner).map(([op, arg]) => `${op} (${arg})`),
    fc
      .tuple(
        inner,
        fc.constantFrom('+', '*', '/ on (a)', '> bool', 'and', 'or ignoring (b)', '- on (a) group_left (c)', '^'),
        inner,
      )
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc
      .tuple(inner, fc.constantFrom('[5m:1m]', '[1h:]', '[5m:30s] offset 1m'))
      .map(([arg, range]) => `max_over_time((${arg})${range})`),
    inner.map((arg) => `-(${arg})`),
  )
}
