import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BUILTIN_NAMES, makeTextMap, parseTemplate, runTemplate, TemplateError } from './index.ts'
import type { TemplateFunction, Value } from './index.ts'

const FUNCTIONS = new Map<string, TemplateFunction>([
  ['upper', { parameters: ['string'], call: ([text]) => (typeof text === 'string' ? text.toUpperCase() : '') }],
  [
    'fail',
    {
      parameters: [],
      call: () => {
        throw new Error('no luck')
      },
    },
  ],
])
const NAMES = new Set([...FUNCTIONS.keys(), ...BUILTIN_NAMES])

function run(text: string, data?: Value): string {
  try {
    return runTemplate(parseTemplate('t', text, NAMES), data, { functions: FUNCTIONS, missingKey: 'zero' })
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}

function check(text: string, want: string, data?: Value): void {
  expect([text, run(text, data)]).toEqual([text, want])
}

const LIST: Value = { kind: 'list', type: '[]string', items: ['a', 'b', 'c'] }

it('text, actions, trim markers and comments', () => {
  check('plain', 'plain')
  check('a {{- 1 -}} b', 'a1b')
  check('a {{/* no */}} b', 'a  b')
  check('a {{- /* no */ -}} b', 'ab')
  check('{{"q\\n"}}{{`r\\n`}}', 'q\nr\\n')
})

it('constants print as Go prints them', () => {
  check("{{1}} {{1.5}} {{1e6}} {{0x1F}} {{'a'}} {{true}}", '1 1.5 1e+06 31 97 true')
  check('{{1.0}} {{100000.0}} {{1000000.0}} {{0.00001}}', '1 100000 1e+06 1e-05')
})

it('if, else if, with, range, break, continue', () => {
  check('{{if .}}x{{else if 1}}y{{else}}z{{end}}', 'y', '')
  check('{{with .a}}{{.}}{{else}}none{{end}}', 'none', makeTextMap([]))
  check('{{with ""}}{{else with "b"}}{{.}}{{end}}', 'b')
  check('{{range $i, $v := .}}{{$i}}{{$v}} {{end}}', '0a 1b 2c ', LIST)
  check('{{range .}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac', LIST)
  check('{{range .}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a', LIST)
  check('{{range 3}}{{.}}{{end}}', '012')
  check('{{range .}}{{else}}empty{{end}}', 'empty', { kind: 'list', type: '[]string', items: [] })
})

it('variables are scoped and can be set from inside', () => {
  check('{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2')
  check('{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1')
  check('{{if true}}{{$y := 1}}{{end}}{{$y}}', 't:1: undefined variable "$y"'.replace('t:', 'template: t:'))
})

it('templates are defined, called and given data', () => {
  check('{{define "a"}}<{{.}}>{{end}}{{template "a" 1}}{{template "a" "x"}}', '<1><x>')
  check('{{block "b" .}}[{{.}}]{{end}}', '[1]', 1n)
  check('{{template "none"}}', 'template: t:1:11: executing "t" at <{{template "none"}}>: template "none" not defined')
})

it('comparisons keep ints and floats apart', () => {
  check('{{eq 1 1}} {{lt 1.5 2.5}} {{gt "b" "a"}} {{eq "a" "b" "a"}}', 'true true true true')
  check('{{lt 1 1.5}}', 'template: t:1:2: executing "t" at <lt 1 1.5>: error calling lt: incompatible types for comparison')
})

it('and, or and not stop as soon as the answer is known', () => {
  check('{{and 0 fail}}{{or "x" fail}}{{not 0}}', '0xtrue')
})

it('printf has the verbs, flags and error forms of Go', () => {
  check('{{printf "%5.2f|%-5d|%05d|%x|%q|%v|%t" 3.14159 42 42 255 "hi" 1.5 true}}', ' 3.14|42   |00042|ff|"hi"|1.5|true')
  check('{{printf "%d %s" "a"}}', '%!d(string=a) %!s(MISSING)')
  check('{{printf "%d" 1 2}}', '1%!(EXTRA int=2)')
  check('{{printf "%*d|%+d|%e|%.3g|%T" 5 7 7 1234.5 1234.5 1.5}}', '    7|+7|1.234500e+03|1.23e+03|float64')
})

it('halves are rounded to the even digit', () => {
  check('{{printf "%.4g %.2f %.2f %.0f %.0f %.2e" 1.5625 0.125 0.375 0.5 1.5 1.125}}', '1.562 0.12 0.38 0 2 1.12e+00')
})

it('len, index, slice, print, html and urlquery', () => {
  check('{{len "é"}} {{len .}} {{index . 1}} {{slice "abcd" 1 3}}', '2 3 b bc', LIST)
  check('{{index . 9}}', 'template: t:1:2: executing "t" at <index . 9>: error calling index: index out of range: 9', LIST)
  check('{{print 1 2 "a" 3}} {{html "<a>"}} {{urlquery "a b&c"}}', '1 2a3 &lt;a&gt; a+b%26c')
})

it('errors name place and piece as Go does', () => {
  check('{{', 'template: t:1: unclosed action')
  check('a\n{{nope}}', 'template: t:2: function "nope" not defined')
  check('{{if 1}}', 'template: t:1: unexpected EOF')
  check('{{end}}', 'template: t:1: unexpected {{end}}')
  check('{{1 | 2}}', 'template: t:1: non executable command in pipeline stage 2')
  check('{{"a', 'template: t:1: unterminated quoted string')
  check('{{fail}}', 'template: t:1:2: executing "t" at <fail>: error calling fail: no luck')
  check('{{upper 1}}', 'template: t:1:8: executing "t" at <1>: expected string; found 1')
  check('{{.a.b}}', `template: t:1:4: executing "t" at <.a.b>: can't evaluate field b in type string`, makeTextMap([['a', 'x']]))
})

it('a template that would run or grow without end is stopped', () => {
  check('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', 'template: t: over 100 templates that call each other')
  check('{{range 1000000}}{{end}}{{range 1000}}{{range 1000}}{{1}}{{end}}{{end}}', 'template: t: over 200000 steps')
  check(`${'{{if 1}}'.repeat(101)}`, 'template: t: over 100 levels')
  check('{{range 20000}}{{printf "%100d" 1}}{{end}}', 'template: t: over 1048576 characters of output')
})

it('any text either parses or is refused by name, and any run ends', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    'if ',
    'range ',
    'end',
    'else ',
    '.',
    '$x',
    ':=',
    '"a"',
    '1',
    '(',
    ')',
    '|',
    ' ',
    'print ',
    'x',
    '-',
    '/*',
    '*/',
    'define "d"',
    'template "d"',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 25 }), (pieces) => {
      expect(typeof run(pieces.join(''))).toBe('string')
    }),
    { numRuns: 2_000 },
  )
})
