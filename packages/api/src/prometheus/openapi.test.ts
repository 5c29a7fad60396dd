import { afterEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'
import { OPERATIONS } from './openapi-operations.ts'
import { SCHEMAS } from './openapi-schemas.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
})

it('every path is described, with its methods, and no other', async () => {
  server = await openTestServer({})
  const response = await fetch(`${server.url}/api/v1/openapi.yaml`)
  expect(response.headers.get('content-type')).toBe('application/yaml; charset=utf-8')
  const { openapi, paths }: { openapi: string; paths: Record<string, Record<string, { summary: string }>> } = parse(
    await response.text(),
  )
  expect(openapi).toBe('3.1.0')
  // The router itself says which methods a path takes.
  for (const [path, operations] of Object.entries(paths)) {
    const { headers } = await fetch(`${server.url}/api/v1${path.replace('{name}', 'job')}`, { method: 'OPTIONS' })
    const allowed = (headers.get('allow') ?? '').toLowerCase().split(', ')
    expect(allowed, path).toEqual(expect.arrayContaining(Object.keys(operations)))
  }
  for (const { data } of Object.values(OPERATIONS)) expect(Object.keys(SCHEMAS)).toContain(data ?? 'Error')
  expect(Object.keys(OPERATIONS).sort()).toEqual(Object.keys(paths).sort())
  for (const operations of Object.values(paths)) for (const { summary } of Object.values(operations)) expect(summary).not.toBe('')
})

it('version 3.2 is told to those who ask for it', async () => {
  server = await openTestServer({})
  const text = await fetch(`${server.url}/api/v1/openapi.yaml?openapi_version=3.2`).then((response) => response.text())
  expect(text).toMatch(/^"openapi": "3\.2\.0"\n/)
})
