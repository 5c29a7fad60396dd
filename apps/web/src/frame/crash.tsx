import type { ErrorComponentProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Link } from './link.tsx'
import { linkTo } from './link-to.ts'
import { Empty, Failure } from './states.tsx'

/** What a screen shows when its own code fails: the frame stays, the way out is named. */
export function Crash({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <div style={{ maxWidth: 720, margin: '48px auto' }}>
      <Empty title="This screen failed">
        The rest of the page still works. The error is ours: please copy its details into a report.
      </Empty>
      <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    </div>
  )
}

/** 404. */
export function NotFound(): ReactNode {
  return (
    <div style={{ margin: '80px auto' }}>
      <Empty title="There is no such page">
        <Link className="link" href={linkTo({ kind: 'services' }, {})}>
          Go to Services
        </Link>
      </Empty>
    </div>
  )
}
