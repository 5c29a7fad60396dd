// AWS's query APIs: a signed form there, XML back.

import { readFile } from 'node:fs/promises'
import { IngestError } from '../../errors.ts'
import { HttpClient } from '../../fetch/client.ts'
import type { Fetched } from '../../fetch/client.ts'
import { findCredentials, findRegion } from './credentials.ts'
import type { AwsEnvironment } from './credentials.ts'
import type { Ec2Config } from './ec2-config.ts'
import { signForm } from './sign.ts'
import type { AwsCredentials } from './sign.ts'
import { parseXml } from './xml.ts'
import type { Xml } from './xml.ts'

const MAX_ANSWER_BYTES = 64 * 2 ** 20
const TIMEOUT_MS = 30_000
// 5 min before their end credentials are asked for again.
const EARLY_MS = 300_000

/** Asks the query API of EC2, as whom the configuration says. */
export class Ec2Query {
  readonly #config: Ec2Config
  readonly #client: HttpClient
  #region = ''
  #credentials: AwsCredentials | undefined

  constructor(config: Ec2Config) {
    this.#config = config
    this.#client = new HttpClient(config.http)
  }

  /** The region asked; known once `ask` has been called. */
  get region(): string {
    return this.#region
  }

  /** The answer to an action, its parameters as the API writes them. Rejects with `IngestError` INGEST_SCRAPE_FAILED. */
  async ask(action: string, parameters: ReadonlyMap<string, string>, environment: AwsEnvironment): Promise<Xml> {
    if (this.#region === '') this.#region = this.#config.region || (await findRegion(environment))
    const held = this.#credentials
    const credentials =
      held !== undefined && Date.now() < held.expiresMs - EARLY_MS ? held : await this.#findCredentials(environment)
    this.#credentials = credentials
    const url = new URL(this.#config.endpoint || `https://ec2.${this.#region}.${domainOf(this.#region)}/`)
    const form = new Map([['Action', action], ['Version', '2016-11-15'], ...parameters])
    try {
      return await this.#post(url, form, { service: 'ec2', credentials, environment })
    } catch (error) {
      // They may have been changed meanwhile.
      this.#credentials = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #findCredentials(environment: AwsEnvironment): Promise<AwsCredentials> {
    const { accessKey, secretKey, profile, roleArn, externalId } = this.#config
    const { variables } = environment
    const tokenFile = variables['AWS_WEB_IDENTITY_TOKEN_FILE'] ?? ''
    const isConfigured = accessKey !== '' && secretKey !== ''
    const base = isConfigured
      ? { accessKey, secretKey, sessionToken: '', expiresMs: Infinity }
      : tokenFile !== '' && profile === '' && (variables['AWS_ACCESS_KEY_ID'] ?? '') === ''
        ? await this.#assume('AssumeRoleWithWebIdentity', await webIdentity(tokenFile, variables), environment)
        : await findCredentials(profile, environment)
    if (roleArn === '') return base
    const role = new Map([
      ['RoleArn', roleArn],
      ['RoleSessionName', `oriel-${Date.now()}`],
    ])
    if (externalId !== '') role.set('ExternalId', externalId)
    return this.#assume('AssumeRole', role, environment, base)
  }

  async #assume(
    action: string,
    parameters: ReadonlyMap<string, string>,
    environment: AwsEnvironment,
    credentials?: AwsCredentials,
  ): Promise<AwsCredentials> {
    const own = environment.variables['AWS_ENDPOINT_URL_STS'] ?? ''
    const url = new URL(own || `https://sts.${this.#region}.${domainOf(this.#region)}/`)
    const form = new Map([['Action', action], ['Version', '2011-06-15'], ...parameters])
    const answer = await this.#post(url, form, { service: 'sts', credentials, environment })
    const found = answer.at(`${action}Response`, `${action}Result`, 'Credentials')
    return {
      accessKey: found.at('AccessKeyId').text,
      secretKey: found.at('SecretAccessKey').text,
      sessionToken: found.at('SessionToken').text,
      expiresMs: Date.parse(found.at('Expiration').text),
    }
  }

  async #post(url: URL, form: ReadonlyMap<string, string>, { service, credentials, environment }: Post): Promise<Xml> {
    const content = new URLSearchParams([...form]).toString()
    const region = this.#region
    const plain = { 'content-type': 'application/x-www-form-urlencoded' }
    const headers =
      credentials === undefined ? plain : signForm(url, content, { credentials, region, service, nowMs: Date.now() })
    const { signal } = environment
    const options = { method: 'POST', content, headers, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, signal } as const
    return readAnswer(await this.#client.get(url.href, options), form.get('Action') ?? '')
  }
}

interface Post {
  readonly service: string
  readonly credentials: AwsCredentials | undefined
  readonly environment: AwsEnvironment
}

async function webIdentity(file: string, variables: NodeJS.ProcessEnv): Promise<Map<string, string>> {
  return new Map([
    ['RoleArn', variables['AWS_ROLE_ARN'] ?? ''],
    ['RoleSessionName', variables['AWS_ROLE_SESSION_NAME'] ?? 'oriel'],
    ['WebIdentityToken', (await readFile(file, 'utf8')).trim()],
  ])
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}

function readAnswer({ status, body }: Fetched, action: string): Xml {
  const answer = parseXml(Buffer.from(body).toString('utf8'))
  if (status === 200) return answer
  const error =
    answer.at('Response', 'Errors', 'Error').name === ''
      ? answer.at('ErrorResponse', 'Error')
      : answer.at('Response', 'Errors', 'Error')
  throw new IngestError(
    'INGEST_SCRAPE_FAILED',
    `cannot discover targets: ${action}: HTTP status ${status} ${error.at('Code').text} ${error.at('Message').text}`.trimEnd(),
  )
}
