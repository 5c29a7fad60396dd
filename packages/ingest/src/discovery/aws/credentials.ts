// Where credentials and the region come from when a configuration leaves them out: the environment, the shared files, the container's
// or the instance's own service. Source: AWS SDKs and Tools Reference Guide, credential provider chain.

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { IngestError } from '../../errors.ts'
import { HttpClient } from '../../fetch/client.ts'
import { DEFAULT_HTTP_CONFIG } from '../../prometheus-http-config.ts'
import { Json } from '../json.ts'
import type { AwsCredentials } from './sign.ts'

/** What of the outside is asked. */
export interface AwsEnvironment {
  readonly variables: NodeJS.ProcessEnv
  /** The instance's metadata service. */
  readonly metadataUrl: string
  readonly signal: AbortSignal
}

// Link-local: either it answers at once or it is not there.
const METADATA_TIMEOUT_MS = 2_000
const METADATA_URL = 'http://169.254.169.254'
const CONTAINER_URL = 'http://169.254.170.2'
const MAX_ANSWER_BYTES = 65_536

/** The environment of this process. */
export function processEnvironment(signal: AbortSignal): AwsEnvironment {
  const { env } = process
  return { variables: env, metadataUrl: env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? METADATA_URL, signal }
}

/** The first credentials of the chain. Rejects with `IngestError` INGEST_SCRAPE_FAILED where there are none. */
export async function findCredentials(profile: string, environment: AwsEnvironment): Promise<AwsCredentials> {
  const { variables } = environment
  const set = profile === '' ? variableCredentials(variables) : undefined
  if (set !== undefined) return set
  const shared = await readProfile(profile || (variables['AWS_PROFILE'] ?? 'default'), environment)
  if (shared !== undefined) return shared
  if (profile !== '') throw failed(`no credentials for profile ${JSON.stringify(profile)} in the shared files`)
  const relative = variables['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? ''
  const full = relative === '' ? (variables['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '') : CONTAINER_URL + relative
  if (full !== '') return containerCredentials(full, environment)
  if (variables['AWS_EC2_METADATA_DISABLED'] === 'true') throw failed('no credentials, and AWS_EC2_METADATA_DISABLED is set')
  return instanceCredentials(environment)
}

function variableCredentials(variables: NodeJS.ProcessEnv): AwsCredentials | undefined {
  const [accessKey = '', secretKey = ''] = [variables['AWS_ACCESS_KEY_ID'], variables['AWS_SECRET_ACCESS_KEY']]
  if (accessKey === '' || secretKey === '') return undefined
  return { accessKey, secretKey, sessionToken: variables['AWS_SESSION_TOKEN'] ?? '', expiresMs: Infinity }
}

/** The region that is meant where none is configured. Rejects as `findCredentials`. */
export async function findRegion(environment: AwsEnvironment): Promise<string> {
  const { variables } = environment
  const named = variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'] ?? ''
  if (named !== '') return named
  const text = await askMetadata('/latest/meta-data/placement/region', environment)
  if (text === '') throw failed('no region: neither configured, nor in AWS_REGION, nor known to the instance')
  return text.trim()
}

async function readProfile(profile: string, { variables }: AwsEnvironment): Promise<AwsCredentials | undefined> {
  const directory = join(variables['HOME'] ?? homedir(), '.aws')
  const files = [
    [variables['AWS_SHARED_CREDENTIALS_FILE'] ?? join(directory, 'credentials'), profile],
    [variables['AWS_CONFIG_FILE'] ?? join(directory, 'config'), profile === 'default' ? profile : `profile ${profile}`],
  ] as const
  for (const [file, section] of files) {
    const values = readSection(await readFile(file, 'utf8').catch(() => ''), section)
    const [accessKey = '', secretKey = ''] = [values.get('aws_access_key_id'), values.get('aws_secret_access_key')]
    if (accessKey !== '' && secretKey !== '')
      return { accessKey, secretKey, sessionToken: values.get('aws_session_token') ?? '', expiresMs: Infinity }
  }
  return undefined
}

function readSection(text: string, section: string): Map<string, string> {
  const values = new Map<string, string>()
  let isInside = false
  for (const line of text.split('\n')) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)
    if (header !== null) isInside = header[1]?.trim() === section
    const pair = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (isInside && pair !== null) values.set(pair[1] ?? '', pair[2] ?? '')
  }
  return values
}

async function containerCredentials(url: string, { variables, signal }: AwsEnvironment): Promise<AwsCredentials> {
  const file = variables['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? ''
  const token = file === '' ? (variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '') : (await readFile(file, 'utf8')).trim()
  return readAnswer(await ask(url, token === '' ? {} : { authorization: token }, { signal, method: 'GET' }))
}

async function instanceCredentials(environment: AwsEnvironment): Promise<AwsCredentials> {
  const path = '/latest/meta-data/iam/security-credentials/'
  const role = (await askMetadata(path, environment)).split('\n')[0]?.trim() ?? ''
  if (role === '') throw failed('no credentials: none configured, none in the environment, and the instance has no role')
  return readAnswer(await askMetadata(path + role, environment))
}

/** IMDSv2: a token first. */
async function askMetadata(path: string, { metadataUrl, signal }: AwsEnvironment): Promise<string> {
  try {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '300' }
    const token = await ask(`${metadataUrl}/latest/api/token`, headers, { signal, method: 'PUT' })
    return await ask(metadataUrl + path, { 'x-aws-ec2-metadata-token': token }, { signal, method: 'GET' })
  } catch (cause) {
    throw new IngestError('INGEST_SCRAPE_FAILED', 'cannot discover targets: no instance metadata service answers', { cause })
  }
}

async function ask(
  url: string,
  headers: Record<string, string>,
  { signal, method }: { readonly signal: AbortSignal; readonly method: 'GET' | 'PUT' },
): Promise<string> {
  const client = new HttpClient(DEFAULT_HTTP_CONFIG)
  try {
    const options = { headers, timeoutMs: METADATA_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, signal, method }
    const { status, body } = await client.get(url, options)
    if (status !== 200) throw failed(`${url} answers with HTTP status ${status}`)
    return Buffer.from(body).toString('utf8')
  } finally {
    await client.close()
  }
}

function readAnswer(text: string): AwsCredentials {
  const answer = Json.parse(Buffer.from(text), 'the answer with credentials')
  const expiresMs = Date.parse(answer.at('Expiration').text)
  return {
    accessKey: answer.at('AccessKeyId').text,
    secretKey: answer.at('SecretAccessKey').text,
    sessionToken: answer.at('Token').text,
    expiresMs: Number.isNaN(expiresMs) ? Infinity : expiresMs,
  }
}

function failed(reason: string): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: ${reason}`)
}
