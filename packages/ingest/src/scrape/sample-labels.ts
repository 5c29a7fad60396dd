import type { Label, Labels } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { LabelBytes } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
import { relabel } from '../relabel.ts'

/**
 * The labels that a scraped series is stored under, or `undefined` where a rule drops it.
 *
 * Throws `IngestError` INGEST_SCRAPE_FAILED for a series that fails its whole scrape, as in Prometheus: a label twice, no name, or a
 * label limit passed. Source: Prometheus 3.14 scrape/scrape.go mutateSampleLabels.
 */
export function sampleLabels(scraped: readonly Label[], target: Labels, job: ScrapeConfig): Map<string, string> | undefined {
  const labels = new Map<string, string>()
  const given = new Set<string>()
  for (const { name, value } of scraped) {
    if (given.has(name)) throw failed(`label ${JSON.stringify(name)} is given twice`, scraped)
    given.add(name)
    if (value !== '') labels.set(name, value)
  }
  if (job.honorLabels) {
    for (const { name, value } of target) if (!given.has(name)) labels.set(name, value)
  } else addTargetLabels(labels, target)
  if (!relabel(labels, job.metricRelabelRules)) return undefined
  if (!labels.has(METRIC_NAME)) throw failed('a series has no metric name', scraped)
  if (job.nameScheme === 'legacy') checkLegacyNames(labels, scraped)
  checkLimits(labels, scraped, job)
  return labels
}

/** The target's labels win; a scraped label of the same name is kept as `exported_...`. */
function addTargetLabels(labels: Map<string, string>, target: Labels): void {
  const conflicts: Label[] = []
  for (const { name, value } of target) {
    const exposed = labels.get(name)
    if (exposed !== undefined) conflicts.push({ name, value: exposed })
    labels.set(name, value)
  }
  // Shortest first, so that what is exported twice already gets the longer name.
  for (const { name, value } of conflicts.sort((a, b) => a.name.length - b.name.length)) {
    let free = `exported_${name}`
    while (labels.has(free)) free = `exported_${free}`
    labels.set(free, value)
  }
}

/** Source: Prometheus 3.14 model.LegacyValidation. */
function checkLegacyNames(labels: ReadonlyMap<string, string>, scraped: readonly Label[]): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(labels.get(METRIC_NAME) ?? ''))
    throw failed('the metric name is none of metric_name_validation_scheme legacy', scraped)
  for (const name of labels.keys())
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
      throw failed(`label name ${JSON.stringify(name)} is none of metric_name_validation_scheme legacy`, scraped)
}

function checkLimits(labels: ReadonlyMap<string, string>, scraped: readonly Label[], job: ScrapeConfig): void {
  if (job.labelLimit > 0 && labels.size > job.labelLimit)
    throw failed(`${labels.size} labels, label_limit ${job.labelLimit}`, scraped, 'INGEST_SCRAPE_LABEL_LIMIT')
  if (job.labelNameLimit === 0 && job.labelValueLimit === 0) return
  const check = (what: string, bytes: number, key: string, limit: number): void => {
    if (limit > 0 && bytes > limit)
      throw failed(`label ${what} of ${bytes} bytes, ${key} ${limit}`, scraped, 'INGEST_SCRAPE_LABEL_LIMIT')
  }
  for (const [name, value] of labels) {
    check('name', Buffer.byteLength(name), 'label_name_length_limit', job.labelNameLimit)
    check('value', Buffer.byteLength(value), 'label_value_length_limit', job.labelValueLimit)
  }
}

/** Prints labels as label bytes, sorted by name so that one series has one form. */
export function writeLabels(labels: ReadonlyMap<string, string>, into: LabelBytes): void {
  into.clear()
  for (const name of [...labels.keys()].sort()) into.add(name, labels.get(name) ?? '')
}

function failed(
  reason: string,
  scraped: readonly Label[],
  code: 'INGEST_SCRAPE_FAILED' | 'INGEST_SCRAPE_LABEL_LIMIT' = 'INGEST_SCRAPE_FAILED',
): IngestError {
  const series = scraped
    .map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
    .join(', ')
    .slice(0, 200)
  return new IngestError(code, `cannot take scrape: ${reason}, in {${series}}`)
}
