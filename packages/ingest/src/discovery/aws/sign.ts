// Signatures of requests to AWS. Source: AWS General Reference, Signature Version 4.

import { createHash, createHmac } from 'node:crypto'

/** Who asks. */
export interface AwsCredentials {
  readonly accessKey: string
  readonly secretKey: string
  /** '' for lasting credentials. */
  readonly sessionToken: string
  /** When they end; Infinity for never. */
  readonly expiresMs: number
}

export interface SignOptions {
  readonly credentials: AwsCredentials
  readonly region: string
  readonly service: string
  /** The time of the signature. */
  readonly nowMs: number
}

/** The headers that sign a POST of a form to `url`. */
export function signForm(
  url: URL,
  content: string,
  { credentials, region, service, nowMs }: SignOptions,
): Record<string, string> {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = stamp.slice(0, 8)
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    host: url.host,
    'x-amz-date': stamp,
    ...(credentials.sessionToken !== '' && { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const canonical = [
    'POST',
    url.pathname,
    url.searchParams.toString(),
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    sha256(content),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')
  let key: Buffer = Buffer.from(`AWS4${credentials.secretKey}`)
  for (const part of [day, region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(text).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
