// The tree of a Go template, as far as LogQL's formats use it. Source: Go documentation, package text/template.

/** Text, an action that prints, or a control structure. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with'
      readonly pipe: Pipe
      readonly body: readonly TemplateNode[]
      readonly other: readonly TemplateNode[]
    }
  | {
      readonly kind: 'range'
      readonly pipe: Pipe
      /** Variables for index and element, or for the element alone. */
      readonly names: readonly string[]
      readonly body: readonly TemplateNode[]
      readonly other: readonly TemplateNode[]
    }

/** Commands in a chain: the value of each is the last argument of the next. `set` names the variable that takes the value. */
export interface Pipe {
  readonly commands: readonly Command[]
  readonly set?: { readonly name: string; readonly isNew: boolean }
}

/** A function with arguments, or a single operand. */
export interface Command {
  readonly head: Operand
  readonly arguments: readonly Operand[]
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean | undefined }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'dot'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly path: readonly string[] }
