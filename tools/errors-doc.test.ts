import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ERRORS_DOC, printErrorsDoc } from './errors-doc.ts'

it('docs/errors.md holds every code of every room and no other: else run node --conditions=source tools/errors-doc.ts', async () => {
  expect(readFileSync(ERRORS_DOC, 'utf8')).toBe(await printErrorsDoc())
})
