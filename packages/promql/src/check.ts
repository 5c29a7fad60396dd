import { compileMatcher, METRIC_NAME } from '@oriel/model'
import type { Diagnostic, TextSpan } from '@oriel/syntax'
import { quote } from '@oriel/syntax'
import type { Aggregation, Binary, Call, Expr, ValueType, VectorMatching, VectorSelector } from './ast.ts'
import { isComparison, isSetOp } from './ast.ts'
import { FUNCTIONS } from './functions.ts'

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  vector: 'instant vector',
  matrix: 'range vector',
  scalar: 'scalar',
  string: 'string',
  none: 'none',
}

/** The type an expression evaluates to; does not check it. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'aggregation':
    case 'vectorSelector':
      return 'vector'
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector'
    case 'call':
      return FUNCTIONS.get(expr.name)?.returnType ?? 'none'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'paren':
    case 'unary':
      return typeOf(expr.expr)
  }
}

/** A type as messages call it: "instant vector", "range vector". */
export function nameOfType(type: ValueType): string {
  return TYPE_NAMES[type]
}

/**
 * Checks types and the rules that the grammar cannot hold. Returns the expression with matching settled (set operations
 * many-to-many, none beside scalars) and every error. Source: Prometheus 3.14 promql/parser/parse.go checkAST.
 */
export function checkTypes(expr: Expr, _text: string): { ast: Expr; errors: Diagnostic[] } {
  const checker = new Checker()
  return { ast: checker.check(expr), errors: checker.errors }
}

class Checker {
  readonly errors: Diagnostic[] = []

  check(expr: Expr): Expr {
    switch (expr.kind) {
      case 'aggregation':
        return this.#aggregation(expr)
      case 'binary':
        return this.#binary(expr)
      case 'call':
        return this.#call(expr)
      case 'paren':
        return { ...expr, expr: this.check(expr.expr) }
      case 'unary':
        return this.#unary(expr)
      case 'subquery': {
        const inner = this.check(expr.expr)
        const type = typeOf(inner)
        if (type !== 'vector') this.#fail(expr.span, `subquery is only allowed on instant vector, got ${type} instead`)
        return { ...expr, expr: inner }
      }
      case 'matrixSelector':
        this.#selector(expr.selector)
        return expr
      case 'vectorSelector':
        this.#selector(expr)
        return expr
      case 'number':
      case 'string':
        return expr
    }
  }

  #fail(span: TextSpan, message: string): void {
    this.errors.push({ severity: 'error', code: 'QUERY_TYPE', message, span })
  }

  #expect(expr: Expr, want: ValueType, context: string): Expr {
    const checked = this.check(expr)
    const type = typeOf(checked)
    if (type !== want) this.#fail(expr.span, `expected type ${TYPE_NAMES[want]} in ${context}, got ${TYPE_NAMES[type]}`)
    return checked
  }

  #aggregation(node: Aggregation): Expr {
    const expr = this.#expect(node.expr, 'vector', 'aggregation expression')
    if (node.param === undefined) return { ...node, expr }
    const want = node.op === 'count_values' ? 'string' : 'scalar'
    return { ...node, expr, param: this.#expect(node.param, want, 'aggregation parameter') }
  }

  #unary(node: Extract<Expr, { kind: 'unary' }>): Expr {
    const expr = this.check(node.expr)
    const type = typeOf(expr)
    if (type !== 'scalar' && type !== 'vector') {
      const got = quote(TYPE_NAMES[type])
      this.#fail(node.span, `unary expression only allowed on expressions of type scalar or instant vector, got ${got}`)
    }
    return { ...node, expr }
  }

  #binary(node: Binary): Expr {
    const lhs = this.check(node.lhs)
    const rhs = this.check(node.rhs)
    const [left, right] = [typeOf(lhs), typeOf(rhs)]
    if (node.returnsBool && !isComparison(node.op)) {
      this.#fail(node.opSpan, 'bool modifier can only be used on comparison operators')
    }
    if (isComparison(node.op) && !node.returnsBool && left === 'scalar' && right === 'scalar') {
      this.#fail(node.opSpan, 'comparisons between scalars must use BOOL modifier')
    }
    for (const [side, type] of [
      [lhs, left],
      [rhs, right],
    ] as const) {
      if (type === 'scalar' || type === 'vector') continue
      this.#fail(side.span, 'binary expression must contain only scalar and instant vector types')
    }
    const checked: Binary = { ...node, lhs, rhs }
    const settled = this.#matching(checked, left === 'vector' && right === 'vector')
    if ((left === 'scalar' || right === 'scalar') && isSetOp(node.op)) {
      this.#fail(node.span, `set operator ${quote(node.op)} not allowed in binary scalar expression`)
    }
    return settled
  }

  #matching(node: Binary, isBetweenVectors: boolean): Binary {
    const { matching, ...rest } = node
    if (matching === undefined) return node
    for (const label of matching.labels) {
      if (!matching.isOn || !matching.include.includes(label)) continue
      this.#fail(node.opSpan, `label ${quote(label)} must not occur in ON and GROUP clause at once`)
    }
    if (!isBetweenVectors) {
      if (matching.labels.length > 0) this.#fail(node.span, 'vector matching only allowed between instant vectors')
      if (hasFill(matching)) this.#fail(node.span, 'filling in missing series only allowed between instant vectors')
      return rest
    }
    if (!isSetOp(node.op)) return node
    if (matching.card !== 'one-to-one') {
      this.#fail(node.span, `no grouping allowed for ${quote(node.op)} operation`)
      this.#fail(node.span, 'set operations must always be many-to-many')
    }
    if (hasFill(matching)) this.#fail(node.span, 'filling in missing series not allowed for set operators')
    return { ...rest, matching: { ...matching, card: 'many-to-many' } }
  }

  #call(node: Call): Expr {
    const signature = FUNCTIONS.get(node.name)
    if (signature === undefined) return node
    this.#arity(node, signature.argTypes.length, signature.variadic)
    const given = node.name === 'info' ? this.#infoArguments(node) : node.args
    const args = given.map((arg, i) => {
      if (i >= signature.argTypes.length && signature.variadic === 0) return arg
      const want = signature.argTypes[Math.min(i, signature.argTypes.length - 1)] ?? 'none'
      const checked = this.check(arg)
      const type = typeOf(checked)
      if (type !== want) {
        this.#fail(arg.span, `expected type ${TYPE_NAMES[want]} in call to function ${quote(node.name)}, got ${TYPE_NAMES[type]}`)
      }
      return checked
    })
    return { ...node, args }
  }

  #arity(node: Call, declared: number, variadic: number): void {
    const given = node.args.length
    const tail = `argument(s) in call to ${quote(node.name)}, got ${given}`
    if (variadic === 0) {
      if (given !== declared) this.#fail(node.span, `expected ${declared} ${tail}`)
      return
    }
    const least = declared - 1
    if (given < least) this.#fail(node.span, `expected at least ${least} ${tail}`)
    else if (variadic > 0 && given > least + variadic) this.#fail(node.span, `expected at most ${least + variadic} ${tail}`)
  }

  #infoArguments(node: Call): readonly Expr[] {
    const [first, second] = node.args
    if (first === undefined || second === undefined) return node.args
    if (second.kind !== 'vectorSelector') {
      this.#fail(second.span, 'expected label selectors only')
      return node.args
    }
    if (second.name === '') return [first, { ...second, allowsEmpty: true }]
    this.#fail(second.span, 'expected label selectors only, got vector selector instead')
    return node.args
  }

  #selector(node: VectorSelector): void {
    if (node.name !== '') {
      for (const matcher of node.matchers.slice(0, -1)) {
        if (matcher.name !== METRIC_NAME) continue
        this.#fail(node.span, `metric name must not be set twice: ${quote(node.name)} or ${quote(matcher.value)}`)
      }
      return
    }
    if (node.allowsEmpty === true || node.matchers.some((matcher) => !compileMatcher(matcher)(''))) return
    this.#fail(node.span, 'vector selector must contain at least one non-empty matcher')
  }
}

function hasFill({ fillLeft, fillRight }: VectorMatching): boolean {
  return fillLeft !== undefined || fillRight !== undefined
}
