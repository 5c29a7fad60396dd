import type { SeriesRuleAction, SeriesRuleDraft } from '@oriel/contract'

/** A rule about a metric; the parts of a histogram or summary go together, for without one another they mean nothing. */
export function draftRule(action: SeriesRuleAction, metric: string, labels: readonly string[]): SeriesRuleDraft {
  const family = /^(.*)_(?:bucket|count|sum)$/.exec(metric)?.[1]
  if (family === undefined || family === '') return { action, metric, isPattern: false, labels }
  return { action, metric: `${escapeRegex(family)}_(bucket|count|sum)`, isPattern: true, labels }
}

/** A rule in words. */
export function ruleText({ action, metric, labels }: SeriesRuleDraft): string {
  if (action === 'drop') return `Drop ${metric}`
  const named = labels.join(', ')
  return action === 'drop_labels'
    ? `Drop ${named} of ${metric}`
    : `Keep ${named === '' ? 'no label' : `only ${named}`} of ${metric}`
}

/** Labels without which a series means nothing: never on offer. */
export function isStructural(label: string): boolean {
  return label === 'le' || label === 'quantile' || label === '__name__'
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
