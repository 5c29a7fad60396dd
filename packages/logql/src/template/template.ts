import type { Parsed } from '@oriel/syntax'
import { QueryError } from '@oriel/syntax'
import type { LineLabels } from '../line-labels.ts'

/** What a template sees. */
export interface TemplateInput {
  readonly line: string
  readonly labels: LineLabels
  readonly tNs: bigint
}

/** Compiles a template. */
export function compileTemplate(text: string): (input: TemplateInput) => Parsed<string> {
  if (text.includes('{{')) throw new QueryError('QUERY_UNSUPPORTED', 'templates are not supported yet')
  return () => ({ ok: true, value: text })
}
