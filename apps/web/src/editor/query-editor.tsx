import { Play } from 'lucide-react'
import type { ReactNode } from 'react'
import { Suspense, lazy, useEffect, useState } from 'react'
import { useTime } from '../frame/use-time.ts'
import type { Language, Problem } from './language.ts'
import styles from './editor.module.css'

export interface QueryEditorProps {
  readonly language: 'promql' | 'logql' | 'traceql'
  readonly value: string
  readonly label: string
  readonly hint: string
  readonly onChange: (text: string) => void
  readonly onRun: () => void
  /** What the server said about `query`, underlined while that is the text. */
  readonly notes?: { readonly query: string; readonly problems: readonly Problem[] } | undefined
  /** Puts the cursor there when it changes. */
  readonly jump?: { readonly offset: number } | undefined
  /** Whoever has several editors has one button for all. */
  readonly hasRun?: boolean
  /** Stands beside the text. */
  readonly before?: ReactNode
  readonly after?: ReactNode
}

const CodeEditor = lazy(() => import('./code-editor.tsx').then((room) => ({ default: room.CodeEditor })))

// The parsers come with their editor, not with the page.
const LOADERS: Readonly<Record<QueryEditorProps['language'], () => Promise<Language>>> = {
  promql: () => import('./promql.ts').then((room) => room.loadPromql()),
  logql: () => import('./logql.ts').then((room) => room.logql),
  traceql: () => import('./traceql.ts').then((room) => room.traceql),
}

const loaded: { [Name in QueryEditorProps['language']]?: Promise<Language> } = {}

/** A query box with a Run button: a plain text area until the editor's code is there. */
export function QueryEditor(props: QueryEditorProps): ReactNode {
  const { language: name, onRun, hasRun = true, before, after } = props
  const language = useLanguage(name)
  const { resolve } = useTime()
  const plain = <PlainEditor {...props} />
  return (
    <div className={styles['bar']} data-search>
      {before}
      <div className={styles['box']}>
        {language === undefined ? (
          plain
        ) : (
          <Suspense fallback={plain}>
            <CodeEditor
              {...props}
              language={language}
              context={() => ({ range: resolve(), signal: new AbortController().signal })}
            />
          </Suspense>
        )}
      </div>
      {after}
      {hasRun && <RunButton onRun={onRun} />}
    </div>
  )
}

/** Runs what is written. */
export function RunButton({ onRun }: { readonly onRun: () => void }): ReactNode {
  return (
    <button type="button" className={styles['run']} onClick={onRun} title="Run  Ctrl Enter" data-testid="run">
      <Play size={13} aria-hidden />
      Run
    </button>
  )
}

/** The code that knows a language, once it is there. The first to ask loads it for all. */
export function useLanguage(name: QueryEditorProps['language']): Language | undefined {
  const [language, setLanguage] = useState<Language>()
  useEffect(() => {
    let isWanted = true
    const loading = (loaded[name] ??= LOADERS[name]())
    void loading.then((known) => {
      if (isWanted) setLanguage(known)
    })
    return () => {
      isWanted = false
    }
  }, [name])
  return language
}

function PlainEditor({ value, label, hint, onChange, onRun }: QueryEditorProps): ReactNode {
  return (
    <textarea
      className={styles['plain']}
      aria-label={label}
      placeholder={hint}
      value={value}
      rows={1}
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        onRun()
      }}
    />
  )
}
