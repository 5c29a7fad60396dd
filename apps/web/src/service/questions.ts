import type { ServiceAnswer, TracesAnswer } from '@oriel/contract'
import type { LogLine } from '../data/loki.ts'
import { queryLogs } from '../data/loki.ts'
import { loadService, loadTraces } from '../data/oriel.ts'
import { logQuery } from '../frame/link-to.ts'
import type { Question } from '../frame/use-answer.ts'

// 30 traces and 100 lines: what a panel of 330 px scrolls through in one go.
const TRACES_SHOWN = 30
const LINES_SHOWN = 100

/** RED of a service, its operations and exemplars. */
export function redQuestion(service: string): Question<ServiceAnswer> {
  return { key: ['service', service], load: ({ range, signal }) => loadService(service, range, signal) }
}

/** The newest traces in which a span of the service failed. */
export function errorTracesQuestion(service: string): Question<TracesAnswer> {
  return {
    key: ['error-traces', service],
    load: ({ range, signal }) => loadTraces({ service, status: 'error' }, { range, limit: TRACES_SHOWN, signal }),
  }
}

/** The service's newest log lines. */
export function serviceLogsQuestion(service: string): Question<LogLine[]> {
  return {
    key: ['service-logs', service],
    load: ({ range, signal }) => queryLogs(logQuery({ service }), { range, limit: LINES_SHOWN, signal }),
  }
}
