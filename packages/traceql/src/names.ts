import type { Intrinsic } from './ast.ts'

/** How intrinsics are written: without a scope, and with one (`span:duration`). Several spellings mean the same field. */
export const INTRINSIC_NAMES: Readonly<Record<string, Intrinsic>> = {
  name: 'name',
  duration: 'duration',
  status: 'status',
  statusMessage: 'statusMessage',
  kind: 'kind',
  childCount: 'childCount',
  rootName: 'rootName',
  rootServiceName: 'rootServiceName',
  traceDuration: 'traceDuration',
  nestedSetLeft: 'nestedSetLeft',
  nestedSetRight: 'nestedSetRight',
  nestedSetParent: 'nestedSetParent',
  'span:name': 'name',
  'span:duration': 'duration',
  'span:status': 'status',
  'span:statusMessage': 'statusMessage',
  'span:kind': 'kind',
  'span:id': 'spanId',
  'span:parentID': 'parentId',
  'span:childCount': 'childCount',
  'trace:rootName': 'rootName',
  'trace:rootService': 'rootServiceName',
  'trace:duration': 'traceDuration',
  'trace:id': 'traceId',
  'event:name': 'eventName',
  'event:timeSinceStart': 'eventTimeSinceStart',
  'link:spanID': 'linkSpanId',
  'link:traceID': 'linkTraceId',
  'instrumentation:name': 'instrumentationName',
  'instrumentation:version': 'instrumentationVersion',
}

/** The spelling that the printer uses. */
export function intrinsicText(name: Intrinsic): string {
  for (const [text, known] of Object.entries(INTRINSIC_NAMES)) if (known === name) return text
  return name
}

/** A scoped name without its colon form, for completion: every way to write an intrinsic. */
export const INTRINSIC_TEXTS: readonly string[] = Object.keys(INTRINSIC_NAMES)
