// Shapes of answers, as JSON Schema. A uniform list.

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>

export const TEXT: Schema = { type: 'string' }
const NUMBER: Schema = { type: 'number' }
export const INTEGER: Schema = { type: 'integer' }
const BOOLEAN: Schema = { type: 'boolean' }
const ANY_OBJECT: Schema = { type: 'object' }

/** Objects with these members, all there, and maybe others. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', required: Object.keys(properties), properties }
}

export function list(items: Schema): Schema {
  return { type: 'array', items }
}

function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

function named(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

const COUNTS = list(object({ name: TEXT, value: INTEGER }))

/** Shapes by name: what successful answers hold as `data`, and what these refer to. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Labels: mapOf(TEXT),
  Error: object({ status: { type: 'string', const: 'error' }, errorType: TEXT, error: TEXT }),
  QueryResult: object({
    resultType: { type: 'string', enum: ['matrix', 'vector', 'scalar', 'string'] },
    result: { type: 'array' },
  }),
  Exemplars: list(
    object({
      seriesLabels: named('Labels'),
      exemplars: list(object({ labels: named('Labels'), value: TEXT, timestamp: NUMBER })),
    }),
  ),
  Texts: list(TEXT),
  Text: TEXT,
  Tree: object({ type: TEXT }),
  Series: list(named('Labels')),
  Metadata: mapOf(list(object({ type: TEXT, help: TEXT, unit: TEXT }))),
  Targets: object({ activeTargets: list(ANY_OBJECT), droppedTargets: list(ANY_OBJECT) }),
  TargetMetadata: list(object({ target: named('Labels'), type: TEXT, help: TEXT, unit: TEXT })),
  RelabelSteps: object({ steps: list(ANY_OBJECT) }),
  ScrapePools: object({ scrapePools: list(TEXT) }),
  Config: object({ yaml: TEXT }),
  RuleGroups: object({ groups: list(object({ name: TEXT, file: TEXT, rules: list(ANY_OBJECT), interval: NUMBER })) }),
  Alerts: object({ alerts: list(object({ labels: named('Labels'), annotations: named('Labels'), state: TEXT, value: TEXT })) }),
  Alertmanagers: object({ activeAlertmanagers: list(object({ url: TEXT })), droppedAlertmanagers: list(object({ url: TEXT })) }),
  Features: mapOf(mapOf(BOOLEAN)),
  Notifications: list(object({ text: TEXT, date: TEXT, active: BOOLEAN })),
  BuildInfo: object({ version: TEXT, revision: TEXT, branch: TEXT, buildUser: TEXT, buildDate: TEXT, goVersion: TEXT }),
  RuntimeInfo: object({
    startTime: TEXT,
    CWD: TEXT,
    hostname: TEXT,
    serverTime: TEXT,
    reloadConfigSuccess: BOOLEAN,
    lastConfigTime: TEXT,
  }),
  Flags: named('Labels'),
  TSDBStatus: object({
    headStats: object({ numSeries: INTEGER, numLabelPairs: INTEGER, chunkCount: INTEGER, minTime: INTEGER, maxTime: INTEGER }),
    seriesCountByMetricName: COUNTS,
    labelValueCountByLabelName: COUNTS,
    memoryInBytesByLabelName: COUNTS,
    seriesCountByLabelValuePair: COUNTS,
  }),
  Blocks: object({ blocks: list(ANY_OBJECT) }),
  WALReplay: object({ min: INTEGER, max: INTEGER, current: INTEGER }),
  SelfMetrics: list(object({ name: TEXT, type: TEXT, help: TEXT })),
  Snapshot: object({ name: TEXT }),
}
