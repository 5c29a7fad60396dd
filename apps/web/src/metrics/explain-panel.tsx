import type { ReactNode } from 'react'

export function ExplainPanel(_: { readonly query: string; readonly stepMs?: number | undefined }): ReactNode {
  return null
}
