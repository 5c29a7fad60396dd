import { bug } from '@oriel/model'
import type { Answer, Exchange, Route } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import type { OperationDoc } from './openapi-operations.ts'
import { OPERATIONS, PARAMETERS } from './openapi-operations.ts'
import { SCHEMAS } from './openapi-schemas.ts'

/** GET /api/v1/openapi.yaml: what this API is, version 3.1 of OpenAPI or, by `openapi_version`, 3.2. */
export function openApi({ build }: ApiServices, { query }: Exchange, paths: readonly DescribedPath[]): Answer {
  const openapi = query.get('openapi_version')?.startsWith('3.2') === true ? '3.2.0' : '3.1.0'
  const info = {
    title: 'Oriel: the Prometheus API',
    version: build.version,
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  }
  const described = Object.fromEntries(paths.map(({ path, methods }) => [printPath(path), operationsOf(path, methods)]))
  const document = { openapi, info, servers: [{ url: '/api/v1' }], paths: described, components: { schemas: SCHEMAS } }
  return {
    status: 200,
    headers: { 'content-type': 'application/yaml; charset=utf-8', 'cache-control': 'no-cache, no-store, must-revalidate' },
    body: printYaml(document, ''),
  }
}

/** A path of the API and how it may be asked. */
export type DescribedPath = Pick<Route, 'path' | 'methods'>

function printPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

function operationsOf(path: string, methods: Route['methods']): Readonly<Record<string, unknown>> {
  const name = printPath(path)
  const doc = OPERATIONS[name] ?? { about: '' }
  const id = name.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '')
  return Object.fromEntries(
    methods.map((method) => {
      const verb = method.toLowerCase()
      const operation = {
        operationId: `${verb}-${id}`,
        summary: doc.about,
        parameters: parametersOf(name, doc),
        responses: responsesOf(doc),
      }
      return [verb, operation]
    }),
  )
}

function parametersOf(path: string, { required = [], optional = [] }: OperationDoc): readonly unknown[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = [...required, ...optional].map((name) => {
    const { about, schema, example } = PARAMETERS[name] ?? bug(`no parameter ${name}`)
    const isRequired = required.includes(name)
    return { name, in: 'query', required: isRequired, description: about, schema, examples: { example: { value: example } } }
  })
  return [...inPath, ...inQuery]
}

function responsesOf({ data, media }: OperationDoc): Readonly<Record<string, unknown>> {
  const failed = {
    description: 'It failed, and says why.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
  if (media !== undefined) return { 200: { description: 'OK', content: { [media]: {} } }, default: failed }
  if (data === undefined) return { 204: { description: 'Done.' }, default: failed }
  const schema = {
    type: 'object',
    required: ['status', 'data'],
    properties: {
      status: { type: 'string', const: 'success' },
      data: { $ref: `#/components/schemas/${data}` },
      warnings: { type: 'array', items: { type: 'string' } },
      infos: { type: 'array', items: { type: 'string' } },
    },
  }
  return { 200: { description: 'OK', content: { 'application/json': { schema } } }, default: failed }
}

/** YAML of plain values: blocks of mappings and lists, texts quoted as JSON. */
function printYaml(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.map((each: unknown) => `${indent}- ${printYaml(each, `${indent}  `).trimStart()}`).join('') || `${indent}[]\n`
  }
  if (typeof value !== 'object' || value === null) return `${indent}${JSON.stringify(value)}\n`
  const lines = Object.entries(value).map(([name, each]: [string, unknown]) => {
    const isNested = typeof each === 'object' && each !== null && Object.keys(each).length > 0
    return `${indent}${JSON.stringify(name)}:${isNested ? `\n${printYaml(each, `${indent}  `)}` : ` ${printYaml(each, '').trimStart()}`}`
  })
  return lines.join('') || `${indent}{}\n`
}
