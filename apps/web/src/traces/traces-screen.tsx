import '../style/kit.ts'
import { SegmentedControl } from '@mantine/core'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { QueryEditor } from '../editor/query-editor.tsx'
import { useDraft } from '../editor/use-draft.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import page from '../style/page.module.css'
import { TraceForm } from './trace-form.tsx'
import { TraceResults } from './trace-results.tsx'
import { printTraceQL } from './traceql-text.ts'

/** Traces by a form or by TraceQL. */
export function TracesScreen(): ReactNode {
  const search = useAppSearch()
  const patch = usePatchSearch()
  const [isText, setText] = useState(search.q !== undefined)
  const showText = (next: boolean): void => {
    setText(next)
    // The form's conditions become the first text; going back starts the form anew rather than guess at a query.
    if (next) patch({ ...NO_FORM, q: printTraceQL(search) })
    else patch({ q: undefined })
  }
  return (
    <div className={page['page']}>
      <div style={{ display: 'flex', gap: 12, alignItems: 'flex-start' }}>
        <h1 className="visually-hidden">Traces</h1>
        <SegmentedControl
          size="xs"
          aria-label="How to search"
          value={isText ? 'text' : 'form'}
          onChange={(value) => showText(value === 'text')}
          data={[
            { value: 'form', label: 'Form' },
            { value: 'text', label: 'TraceQL' },
          ]}
        />
        {isText ? <TextSearch /> : <TraceForm />}
      </div>
      <TraceResults />
    </div>
  )
}

const NO_FORM = {
  service: undefined,
  operation: undefined,
  status: undefined,
  min: undefined,
  max: undefined,
  f: undefined,
} as const

function TextSearch(): ReactNode {
  const draft = useDraft('{ }')
  return (
    <QueryEditor
      language="traceql"
      label="TraceQL query"
      hint={'{ resource.service.name = "…" && status = error }'}
      value={draft.text}
      onChange={draft.setText}
      onRun={() => draft.run()}
    />
  )
}
