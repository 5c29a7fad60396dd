// Our Prometheus API against Prometheus's own description of it: every path asked with its own examples, every answer checked against
// its schema. Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/prometheus-openapi.ts [-v]
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { pause, startOriel } from '../oriel.ts'
import { hasPeers, startPrometheus } from '../prometheus.ts'
import { remoteWrite, sendUntilAcknowledged } from '../senders.ts'

const document = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus/web/api/v1/testdata/openapi_3.1_golden.yaml')
const isVerbose = process.argv.includes('-v')
// `--peer` asks a real Prometheus instead, to see what the description itself gets wrong.
const isPeer = process.argv.includes('--peer')
// `--ours` checks our answers against our own description.
const isOurs = process.argv.includes('--ours')

interface Example {
  readonly value: unknown
}
interface Content {
  readonly schema?: unknown
  readonly examples?: Readonly<Record<string, Example>>
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly examples?: Readonly<Record<string, Example>>
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: unknown
}

/** Examples that a server can only refuse, here and there: bodies that the description leaves out, a token that nobody gave. */
const REFUSED: Readonly<Record<string, string>> = {
  '/read': 'an empty body is no snappy',
  '/write': 'an empty body has no content type',
  '/otlp/v1/metrics': 'an empty body has no content type',
  '/rules group_next_token': 'nobody gave that token',
}
/** Answers that break the description as Prometheus's own do. */
const AS_PROMETHEUS: Readonly<Record<string, string>> = {
  '/targets state': 'counts of dropped targets are null where only active ones are asked for',
}
/** Where Prometheus answers 204 although its description says 200. */
const NO_CONTENT: ReadonlySet<string> = new Set(['/admin/tsdb/delete_series', '/admin/tsdb/clean_tombstones'])

interface Request {
  readonly name: string
  readonly path: string
  readonly method: string
  readonly parameters: URLSearchParams
  readonly form: URLSearchParams | undefined
}

function requestsOf(path: string, method: string, operation: Operation): Request[] {
  const { parameters = [], requestBody } = operation
  const filled = path.replace('{name}', 'job')
  const query = parameters.filter((parameter) => parameter.in === 'query')
  const basic = new URLSearchParams()
  for (const parameter of query) if (parameter.required === true) addFirst(basic, parameter)
  const make = (name: string, given: URLSearchParams, form?: URLSearchParams): Request => {
    return { name: `${path}${name}`, path: filled, method: method.toUpperCase(), parameters: given, form }
  }
  if (requestBody !== undefined) {
    const examples = Object.values(requestBody.content).flatMap(({ examples: some = {} }) => Object.entries(some))
    return examples.map(([name, { value }]) => make(` ${name}`, basic, formOf(value)))
  }
  const requests = [make('', basic)]
  for (const parameter of query) {
    for (const { value } of Object.values(parameter.examples ?? {})) {
      const given = new URLSearchParams(basic)
      given.delete(parameter.name)
      for (const each of listOf(value)) given.append(parameter.name, textOf(each))
      if (parameter.name === 'group_next_token') given.set('group_limit', '1')
      // An end long past needs a start before it, where the start is an hour ago by default.
      if (parameter.name === 'end' && path.startsWith('/search/')) given.set('start', '0')
      requests.push(make(` ${parameter.name}`, given))
    }
  }
  return requests
}

function addFirst(parameters: URLSearchParams, { name, examples = {} }: Parameter): void {
  const [first] = Object.values(examples)
  for (const each of listOf(first?.value ?? 'job')) parameters.append(name, textOf(each))
}

function formOf(value: unknown): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, each] of Object.entries(isRecord(value) ? value : {})) {
    for (const one of listOf(each)) form.append(name, textOf(one))
  }
  return form
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

class Checker {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  readonly #compiled = new Map<unknown, ValidateFunction>()

  constructor(description: Description) {
    this.#ajv.addSchema({ $id: 'prometheus', components: description.components })
  }

  /** What a value breaks of a schema, '' for nothing. */
  problem(schema: unknown, value: unknown): string {
    let validate = this.#compiled.get(schema)
    if (validate === undefined) {
      const text = JSON.stringify(schema).replaceAll('"#/components', '"prometheus#/components')
      validate = this.#ajv.compile(JSON.parse(text))
      this.#compiled.set(schema, validate)
    }
    return validate(value) ? '' : this.#ajv.errorsText(validate.errors)
  }
}

/** Every example of an answer in the description must pass its own schema: else nothing here means anything. */
function checkExamples(description: Description, checker: Checker): { passed: number; problems: string[] } {
  let passed = 0
  const problems: string[] = []
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const operation of Object.values(operations)) {
      for (const { content = {} } of Object.values(operation.responses)) {
        const { schema, examples = {} } = content['application/json'] ?? {}
        for (const [name, { value }] of Object.entries(examples)) {
          const problem = schema === undefined ? '' : checker.problem(schema, value)
          if (problem === '') passed++
          else problems.push(`example ${path} ${name}: ${problem}`)
        }
      }
    }
  }
  return { passed, problems }
}

async function checkRequest(base: string, request: Request, operation: Operation, checker: Checker): Promise<string> {
  const { status, type, text } = await ask(base, request)
  if (status === 204) {
    const isSaid = operation.responses['204'] !== undefined || NO_CONTENT.has(request.path)
    return isSaid ? '' : 'answered 204, which the description does not know'
  }
  const reason = REFUSED[request.name] ?? REFUSED[request.path]
  if (status >= 400 && reason === undefined) return `refused with ${status}: ${text.slice(0, 200)}`
  // Bodies of remote write and read are answered for programs, in plain text.
  if (status >= 400 && type === 'text/plain') return ''
  return checkBody(operation.responses[status >= 400 ? 'default' : '200']?.content?.[type], { type, text }, checker)
}

async function ask(base: string, request: Request): Promise<{ status: number; type: string; text: string }> {
  const search = request.parameters.toString()
  const url = `${base}/api/v1${request.path}${search === '' ? '' : `?${search}`}`
  const response = await fetch(url, { method: request.method, ...(request.form !== undefined && { body: request.form }) })
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';', 1)
  return { status: response.status, type, text: await response.text() }
}

function checkBody(content: Content | undefined, { type, text }: { type: string; text: string }, checker: Checker): string {
  if (content === undefined) return `answered ${type}, which the description does not know`
  // The description takes a stream of JSON lines for one text.
  const isStream = type === 'application/x-ndjson'
  return content.schema === undefined ? '' : checker.problem(content.schema, isStream ? text : JSON.parse(text))
}

const RULES = `
groups:
  - name: example_alerts
    rules:
      - { alert: HighErrorRate, expr: 'vector(1)', labels: { severity: critical } }
      - { record: one, expr: 'vector(1)' }
`

const OURS: Request = { name: '', path: '/openapi.yaml', method: 'GET', parameters: new URLSearchParams(), form: undefined }

async function main(): Promise<void> {
  const server = await start()
  const text = isOurs ? (await ask(server.http, OURS)).text : readFileSync(document, 'utf8')
  const description: Description = parse(text)
  const checker = new Checker(description)
  const examples = checkExamples(description, checker)
  for (const problem of examples.problems) console.log(`  ${problem}`)
  console.log(
    `prometheus-openapi: ${examples.passed} examples of the description pass its schemas, ${examples.problems.length} do not`,
  )
  let [passed, failed] = [0, 0]
  try {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        // An answer without an end.
        if (operation.responses['200']?.content?.['text/event-stream'] !== undefined) continue
        for (const request of requestsOf(path, method, operation)) {
          const found = await checkRequest(server.http, request, operation, checker)
          const problem = AS_PROMETHEUS[request.name] === undefined ? found : ''
          if (problem === '') passed++
          else failed++
          if (problem !== '' || isVerbose) console.log(`  ${request.method} ${request.name}: ${problem || 'good'}`)
        }
      }
    }
  } finally {
    await server.close()
  }
  console.log(`prometheus-openapi: ${passed} passed, ${failed} failed (${Object.keys(description.paths).length} paths)`)
  if (failed > 0) process.exitCode = 1
}

async function start(): Promise<{ http: string; close: () => Promise<void> }> {
  const target = createServer((_request, response) =>
    response.setHeader('content-type', 'text/plain').end('# TYPE http_requests_total counter\nhttp_requests_total 1\n'),
  )
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const bound = target.address()
  const directory = mkdtempSync(join(tmpdir(), 'oriel-openapi-'))
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const yaml = `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${join(directory, 'rules.yml')}]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['127.0.0.1:${port}', 'drop:1'] }]
    relabel_configs:
      - { source_labels: [__address__], regex: 'drop.*', action: drop }
`
  writeFileSync(join(directory, 'rules.yml'), RULES)
  writeFileSync(join(directory, 'prometheus.yml'), yaml)
  writeFileSync(join(directory, 'oriel.yaml'), 'prometheus: { file: prometheus.yml, admin_api: true, features: [search-api] }\n')
  const features = '--enable-feature=search-api,promql-per-step-stats'
  const server = isPeer
    ? await startPrometheus(yaml, [features])
    : await startOriel({ args: ['--config', join(directory, 'oriel.yaml'), features] })
  await sendUntilAcknowledged(
    server.http,
    remoteWrite('up', { series: 2, tMs: Date.now(), value: 1, labels: { job: 'prometheus' } }),
  )
  // Prometheus takes up new targets after five seconds.
  await pause(isPeer ? 8_000 : 2_500)
  return {
    http: server.http,
    close: async () => {
      await server.close()
      target.closeAllConnections()
      target.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

if (!existsSync(document)) console.log('prometheus-openapi: skipped, ORIEL_CONFORMANCE_DIR does not hold prometheus/')
else if (!isPeer || hasPeers('prometheus-openapi', 'prometheus')) await main()
