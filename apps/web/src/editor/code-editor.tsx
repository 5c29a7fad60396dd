import type { Completion, CompletionContext as CursorContext, CompletionResult } from '@codemirror/autocomplete'
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { linter } from '@codemirror/lint'
import type { Extension } from '@codemirror/state'
import { EditorState, Prec, StateEffect } from '@codemirror/state'
import { EditorView, hoverTooltip, keymap, placeholder } from '@codemirror/view'
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { colouring } from './colouring.ts'
import type { CompletionContext, Explained, Language, Option, Problem } from './language.ts'
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
  const { notes, jump } = props
  useEffect(() => view.current?.dispatch({ effects: notesChanged.of(undefined) }), [notes])
  useEffect(() => {
    const editor = view.current
    if (jump === undefined || editor === undefined) return
    const at = Math.min(jump.offset, editor.state.doc.length)
    editor.dispatch({ selection: { anchor: at }, scrollIntoView: true })
    editor.focus()
  }, [jump])
  return <div ref={place} data-testid="editor" />
}

// What the server said about a query arrives after the text: the underlines are drawn again then.
const notesChanged = StateEffect.define<undefined>()

function extensions(latest: { readonly current: CodeEditorProps }): Extension {
  const { language, label, hint } = latest.current
  return [
    history(),
    closeBrackets(),
    bracketMatching(),
    colouring(language),
    autocompletion({ override: [(cursor) => complete(cursor, latest.current)], icons: false, activateOnTypingDelay: 80 }),
    linter((view) => problems(language, view.state.doc.toString(), latest.current.notes), {
      delay: LINT_AFTER_MS,
      needsRefresh: ({ transactions }) => transactions.some(({ effects }) => effects.some((effect) => effect.is(notesChanged))),
    }),
    hoverTooltip((view, at) => explainAt(view, at, latest.current), { hoverTime: HOVER_MS }),
    Prec.highest(
      keymap.of([
        { key: 'Mod-Enter', run: () => (latest.current.onRun(), true) },
        { key: 'Tab', run: acceptCompletion },
        { key: 'Shift-Alt-f', run: (view) => format(view, language) },
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

// 350 ms: a pointer that rests, not one that passes.
const HOVER_MS = 350

function format(view: EditorView, language: Language): boolean {
  const text = view.state.doc.toString()
  const better = language.format?.(text)
  if (better === undefined || better === text) return false
  view.dispatch({ changes: { from: 0, to: text.length, insert: better } })
  return true
}

function problems(language: Language, text: string, notes: QueryEditorProps['notes']): Problem[] {
  if (text.trim() === '') return []
  const told = notes?.query === text.trim() ? notes.problems : []
  return [...language.diagnose(text), ...told].map(({ from, to, severity, message }) => {
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
  const after = cursor.state.sliceDoc(cursor.pos)
  const found = await language.complete(before, context(), after).catch(() => undefined)
  if (found === undefined || cursor.aborted || found.options.length === 0) return null
  if (!cursor.explicit && cursor.pos === found.from && !/[{,(["'`|]\s*$/.test(before)) return null
  return {
    from: found.from,
    validFor: /^[\w.:\-/ ]*$/,
    options: found.options.map(completionOf),
  }
}

function completionOf({ text, kind, detail = '', insert, caretBack = 0, info }: Option): Completion {
  return {
    label: text,
    detail,
    type: kind,
    boost: BOOST[kind],
    ...(insert !== undefined && caretBack === 0 && { apply: insert }),
    ...(insert !== undefined && caretBack > 0 && { apply: insertAround(insert, caretBack) }),
    ...(info !== undefined && { info: () => explanation(info) }),
  }
}

/** Writes `sum()` with the cursor between the brackets and goes on completing there; brackets that stand already are kept. */
function insertAround(insert: string, caretBack: number): Exclude<Completion['apply'], string | undefined> {
  return (view, _completion, from, to) => {
    const isOpen = view.state.sliceDoc(to, to + 1) === '('
    const written = isOpen ? insert.replace(/\s?\(.*$/, '') : insert
    const anchor = from + written.length - (isOpen ? 0 : caretBack)
    view.dispatch({ changes: { from, to, insert: written }, selection: { anchor }, userEvent: 'input.complete' })
    if (!isOpen) startCompletion(view)
  }
}

interface HoverHelp {
  readonly pos: number
  readonly end: number
  readonly above: boolean
  readonly create: () => { readonly dom: HTMLElement }
}

async function explainAt(view: EditorView, at: number, { language, context }: CodeEditorProps): Promise<HoverHelp | null> {
  const line = view.state.doc.lineAt(at)
  const start = line.text.slice(0, at - line.from).search(/[\w:]*$/)
  const word = /^[\w:]+/.exec(line.text.slice(start))?.[0]
  if (word === undefined || /^\d/.test(word)) return null
  const found = await language.explain?.(word, context())
  if (found === undefined) return null
  const pos = line.from + start
  return { pos, end: pos + word.length, above: true, create: () => ({ dom: explanation(found) }) }
}

function explanation({ title, text, note }: Explained): HTMLElement {
  const dom = document.createElement('div')
  dom.className = 'oriel-help'
  for (const [name, content] of [
    ['title', title],
    ['text', text],
    ['note', note],
  ] as const) {
    if (content === undefined || content === '') continue
    const part = document.createElement('div')
    part.dataset['part'] = name
    part.textContent = content
    dom.append(part)
  }
  return dom
}

// What is in the store comes before what is in the manual.
const BOOST: Readonly<Record<Option['kind'], number>> = { metric: 2, label: 1, value: 1, stage: 1, keyword: 0, function: 0 }
