import { hash } from 'node:crypto'
import type { Labels, SeriesId } from '@oriel/model'
import { labelsKey } from '@oriel/model'

// SHA-256, cut short: identity must not depend on who computes it or when, and must stand against chosen input in a store that
// several tenants share. It is paid once per new series, stream or resource, never per row.

/** The 128-bit identity of a series or a stream: equal for equal labels on every node, four words, lowest first. */
export function seriesId(labels: Labels): SeriesId {
  const digest = hash('sha256', labelsKey(labels), 'buffer')
  return Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12))
}

/** The 64-bit identity of a metric name (first part of the samples' sort key), also used for resources and requests. */
export function hash64(text: string | Uint8Array): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64LE(0)
}

/** The 64-bit identity of a resource's attributes; key order does not matter. */
export function resourceId(attributes: Readonly<Record<string, string>>): bigint {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  return hash64(JSON.stringify(sorted))
}
