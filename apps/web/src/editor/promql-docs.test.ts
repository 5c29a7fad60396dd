import { FUNCTIONS } from '@oriel/promql/syntax'
import { expect, it } from 'vitest'
import { AGGREGATIONS } from './promql-words.ts'
import { PROMQL_DOCS } from './promql-docs.ts'

it('every function and aggregation of the language is documented, and nothing else', () => {
  expect([...PROMQL_DOCS.keys()].sort()).toEqual([...FUNCTIONS.keys(), ...AGGREGATIONS].sort())
})

it('arguments stand in parentheses and texts are sentences', () => {
  for (const [name, { arguments: given, text }] of PROMQL_DOCS) {
    expect(given, name).toMatch(/^\(.*\)$/)
    expect(text, name).toMatch(/^[A-Z0-9e].*\.$|\.$/)
  }
})
