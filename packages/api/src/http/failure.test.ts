import { MODEL_ERRORS, OrielError } from '@oriel/model'
import { RUN_ERRORS } from '@oriel/query'
import { STORE_ERRORS } from '@oriel/store'
import { QUERY_ERRORS, QueryError } from '@oriel/syntax'
import { describe, expect, it } from 'vitest'
import { API_ERRORS } from '../errors.ts'
import { failureOf, KIND_OF_CODE } from './failure.ts'

describe('the table of failures', () => {
  it('has a kind for every code that a query can end with, and no other', () => {
    const tables = [API_ERRORS, MODEL_ERRORS, QUERY_ERRORS, RUN_ERRORS, STORE_ERRORS]
    const codes = new Set(tables.flatMap((table) => Object.keys(table)))
    expect(Object.keys(KIND_OF_CODE).sort()).toEqual([...codes].sort())
  })

  it('takes a code of another room for bad input', () => {
    expect(failureOf(new OrielError('WIRE_X', 'cannot x'))).toEqual({ kind: 'bad_data', code: 'WIRE_X', message: 'cannot x' })
  })

  it('carries the place in the query text', () => {
    const error = new QueryError('QUERY_SYNTAX', 'no', { span: { start: 3, end: 4 } })
    expect(failureOf(error)).toMatchObject({ position: { start: 3, end: 4 } })
  })

  it('says nothing of a defect', () => {
    expect(failureOf(new Error('password'))).toMatchObject({ kind: 'internal', code: 'BUG' })
    expect(JSON.stringify(failureOf(new Error('password')))).not.toContain('password')
  })
})
