import { IngestError } from './errors.ts'

/**
 * The tenant of a write: X-Scope-OrgID, or `defaultTenant` without one. Throws INGEST_BAD_TENANT for anything Mimir refuses.
 *
 * Source: Grafana Mimir documentation, "About tenant IDs".
 */
export function writeTenant(header: string | readonly string[] | undefined, defaultTenant: string): string {
  if (header === undefined || header === '') return defaultTenant
  const tenant = typeof header === 'string' ? header : header.join('|')
  if (TENANT.test(tenant) && tenant !== '.' && tenant !== '..') return tenant
  const shown = JSON.stringify(tenant.slice(0, 200))
  throw new IngestError('INGEST_BAD_TENANT', `cannot accept request: X-Scope-OrgID ${shown} is not one tenant id`)
}

const TENANT = /^[a-zA-Z0-9!\-_.*'()]{1,150}$/
