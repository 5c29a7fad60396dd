import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { tags } from '@lezer/highlight'
import type { Language } from './language.ts'

/** Colours a query by its words: strings, numbers, comments, keywords, functions, labels. Meaning is left to the parsers. */
export function colouring({ keywords, functions }: Language): Extension {
  const language = StreamLanguage.define({
    token(stream) {
      if (stream.eatSpace()) return null
      if (stream.match(/^#.*/)) return 'comment'
      if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/) || stream.match(/^`[^`]*`?/)) return 'string'
      if (stream.match(/^\d[\w.]*/)) return 'number'
      const word = stream.match(/^[A-Za-z_:][\w:.]*/, true)
      if (word !== null && word !== false) return wordToken(stream.current(), stream.string.slice(stream.pos))
      if (stream.match(/^(?:=~|!~|!=|>=|<=|==|\|=|\|~|&&|\|\||[-+*/%^=<>|@])/)) return 'operator'
      stream.next()
      return null
    },
  })
  const wordToken = (word: string, rest: string): string => {
    if (keywords.has(word)) return 'keyword'
    if (functions.has(word)) return 'macroName'
    return /^\s*(=~|!~|!=|=)/.test(rest) ? 'propertyName' : 'variableName'
  }
  return [language, syntaxHighlighting(STYLE)]
}

const STYLE = HighlightStyle.define([
  { tag: tags.string, color: 'var(--syntax-string)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.comment, color: 'var(--ink-3)', fontStyle: 'italic' },
  { tag: tags.keyword, color: 'var(--syntax-keyword)', fontWeight: '600' },
  { tag: tags.macroName, color: 'var(--syntax-function)' },
  { tag: tags.propertyName, color: 'var(--syntax-label)' },
  { tag: tags.operator, color: 'var(--ink-2)' },
])
