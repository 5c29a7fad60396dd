import { Play } from 'lucide-react'
import type { ReactNode } from 'react'
import { Suspense, lazy, useEffect, useState } from 'react'
import { useTime } from '../frame/use-time.ts'
import type { Language } from './language.ts'
import styles from './editor.module.css'

export interface QueryEditorProps {
  readonly language: 'promql' | 'logql' | 'traceql'
  readonly value: string
  readonly label: string
  readonly hint: string
  readonly onChange: (text: string) => void
  readonly onRun: () => void
  readonly isRunning?: boolean
}

const CodeEditor = lazy(() => import('./code-editor.tsx').then((room) => ({ default: room.CodeEditor })))

// The parsers come with their editor, not with the page.
const LOADERS: Readonly<Record<QueryEditorProps['language'], () => Promise<Language>>> = {
  promql: () => import('./promql.ts').then((room) => room.promql),
  logql: () => import('./logql.ts').then((room) => room.logql),
  traceql: () => import('./traceql.ts').then((room) => room.traceql),
}

/** A query box with a Run button: a plain text area until the editor's code is there. */
export function QueryEditor(props: QueryEditorProps): ReactNode {
  const { language: name, onRun } = props
  const language = useLanguage(name)
  const { resolve } = useTime()
  const plain = <PlainEditor {...props} />
  return (
    <div className={styles['bar']} data-search>
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
      <button type="button" className={styles['run']} onClick={onRun} title="Run  Ctrl Enter" data-testid="run">
        <Play size={13} aria-hidden />
        Run
      </button>
    </div>
  )
}

function useLanguage(name: QueryEditorProps['language']): Language | undefined {
  const [language, setLanguage] = useState<Language>()
  useEffect(() => {
    let isWanted = true
    void LOADERS[name]().then((loaded) => {
      if (isWanted) setLanguage(loaded)
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
