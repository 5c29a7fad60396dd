import type { Apis, Mount } from '@oriel/api'

/** What a product's own port serves: its API at its native root, health, and nothing of the others. */
export function compatMounts(product: string, { admin, prometheus, prometheusPeer, loki, tempo, jaeger }: Apis): Mount[] {
  const health = { base: '', api: admin }
  if (product === 'prometheus') return [health, ...[prometheus, prometheusPeer].map((api) => ({ base: '', api }))]
  if (product === 'loki') return [health, { base: '/loki', api: loki }]
  if (product === 'tempo') return [health, { base: '', api: tempo }]
  return [health, { base: '', api: jaeger }]
}
