import { compileRegex } from '@oriel/model'
import type { LineFilterStage } from '../ast.ts'
import { fitsPattern, parsePattern } from '../pattern.ts'
import { compileIp, ipsIn } from './ip.ts'

/** Compiles a line filter into a test on a line. */
export function compileLineFilter({ op, alternatives }: LineFilterStage): (line: string) => boolean {
  const tests = alternatives.map(({ value, isIp }) => (isIp ? ipTest(value) : textTest(op, value)))
  const isWanted = op === '|=' || op === '|~' || op === '|>'
  const [only] = tests
  if (tests.length === 1 && only !== undefined) return isWanted ? only : (line) => !only(line)
  return (line) => tests.some((test) => test(line)) === isWanted
}

function textTest(op: LineFilterStage['op'], value: string): (line: string) => boolean {
  switch (op) {
    case '|=':
    case '!=':
      return (line) => line.includes(value)
    case '|~':
    case '!~': {
      const regex = compileRegex(value)
      return (line) => regex.test(line)
    }
    case '|>':
    case '!>': {
      const pattern = parsePattern(value, 'filter')
      // The parser refused malformed patterns; an empty one fits every line.
      return pattern.ok ? (line) => fitsPattern(pattern.value, line) : () => true
    }
  }
}

function ipTest(text: string): (line: string) => boolean {
  const matches = compileIp(text)
  return (line) => ipsIn(line).some(matches)
}
