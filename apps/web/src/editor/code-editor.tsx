import type { CompletionContext as CursorContext, CompletionResult } from '@codemirror/autocomplete'
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { linter } from '@codemirror/lint'
import type { Extension } from '@codemirror/state'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { colouring } from './colouring.ts'
import type { CompletionContext, Language, Option } from './language.ts'
import type { QueryEditorProps } from './query-editor.tsx'

export interface CodeEditorProps extends Omit<QueryEditorProps, 'language'> {
  readonly language: Language
  readonly context: () => CompletionContext
}

// 250 ms after the last key: underlines that follow every key stroke only shout.
const LINT_AFTER_MS = 250

/** The CodeMirror editor. Loaded lazily by `QueryEditor`; both look the same before and after. */
export function CodeEditor(props: CodeEditorProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    if (place.current === null) return
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({ doc: latest.current.value, extensions: extensions(latest) }),
    })
    view.current = made
    return () => made.destroy()
  }, [props.language])
  useEffect(() => {
    const editor = view.current
    if (editor === undefined || editor.state.doc.toString() === props.value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } })
  }, [props.value])
  return <div ref={place} data-testid="editor" />
}

function extensions(latest: { readonly current: CodeEditorProps }): Extension {
  const { language, label, hint } = latest.current
  return [
    history(),
    closeBrackets(),
    bracketMatching(),
    colouring(language),
    autocompletion({ override: [(cursor) => complete(cursor, latest.current)], icons: false, activateOnTypingDelay: 80 }),
    linter((view) => problems(language, view.state.doc.toString()), { delay: LINT_AFTER_MS }),
    Prec.highest(
      keymap.of([
        { key: 'Mod-Enter', run: () => (latest.current.onRun(), true) },
        { key: 'Tab', run: acceptCompletion },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.doc.toString())
    }),
    placeholder(hint),
  ]
}

function problems(
  language: Language,
  text: string,
): { from: number; to: number; severity: 'error' | 'warning' | 'info'; message: string }[] {
  if (text.trim() === '') return []
  return language.diagnose(text).map(({ from, to, severity, message }) => {
    const start = Math.min(from, text.length)
    // An error at the end of the text underlines its last character.
    return {
      from: to > start ? start : Math.max(0, start - 1),
      to: Math.min(Math.max(to, start), text.length),
      severity,
      message,
    }
  })
}

async function complete(cursor: CursorContext, { language, context }: CodeEditorProps): Promise<CompletionResult | null> {
  const before = cursor.state.sliceDoc(0, cursor.pos)
  const found = await language.complete(before, context()).catch(() => undefined)
  if (found === undefined || cursor.aborted || found.options.length === 0) return null
  if (!cursor.explicit && cursor.pos === found.from && !/[{,("'`|]\s*$/.test(before)) return null
  return {
    from: found.from,
    validFor: /^[\w.:\-/ ]*$/,
    options: found.options.map(({ text, kind, detail = '', insert }) => ({
      label: text,
      detail,
      type: kind,
      boost: BOOST[kind],
      ...(insert !== undefined && { apply: insert }),
    })),
  }
}

// What is in the store comes before what is in the manual.
const BOOST: Readonly<Record<Option['kind'], number>> = { metric: 2, label: 1, value: 1, stage: 1, keyword: 0, function: 0 }
