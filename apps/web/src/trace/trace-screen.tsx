import { useComputedColorScheme } from '@mantine/core'
import type { TraceAnswer } from '@oriel/contract'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { ApiError } from '../data/api.ts'
import { loadTrace } from '../data/oriel.ts'
import { CopyButton } from '../frame/buttons.tsx'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { AnswerView } from '../frame/panel.tsx'
import { Empty } from '../frame/states.tsx'
import { useFixedAnswer } from '../frame/use-answer.ts'
import { useTime } from '../frame/use-time.ts'
import { layOutTrace } from './trace-model.ts'
import { TraceView } from './trace-view.tsx'

/** One trace: its waterfall, and the selected span beside it. */
export function TraceScreen(): ReactNode {
  const { traceId = '' } = useParams({ strict: false })
  const answer = useFixedAnswer(['trace', traceId], async (signal) => {
    const trace = await loadTrace(traceId, signal)
    performance.clearMarks('oriel.trace-answer')
    performance.mark('oriel.trace-answer')
    return trace
  })
  if (answer.error instanceof ApiError && answer.error.status === 404) return <NotStored traceId={traceId} />
  return (
    <AnswerView answer={answer} minHeight={0}>
      {(data) => <LaidOut trace={data} />}
    </AnswerView>
  )
}

function LaidOut({ trace }: { readonly trace: TraceAnswer }): ReactNode {
  const model = useMemo(() => layOutTrace(trace.traceId, trace.spans), [trace])
  // Bars take their colours from CSS; the key draws the canvases anew when the scheme changes.
  const scheme = useComputedColorScheme('light')
  if (model.nodes.length === 0) return <NotStored traceId={trace.traceId} />
  return <TraceView key={`${trace.traceId} ${scheme}`} model={model} />
}

function NotStored({ traceId }: { readonly traceId: string }): ReactNode {
  const { context } = useTime()
  return (
    <div style={{ maxWidth: 560, margin: '64px auto' }}>
      <Empty title="This trace is not stored">
        <span>
          No span of <code className="mono">{traceId}</code> is here. It was sampled away, has passed its retention, or is still
          on its way.
        </span>
        <CopyButton text={traceId} label="Copy id" />
        <Link className="link" href={linkTo({ kind: 'logs', traceId }, context)}>
          Look for its log lines
        </Link>
        <Link className="link" href={linkTo({ kind: 'traces' }, context)}>
          Other traces of this time
        </Link>
      </Empty>
    </div>
  )
}
