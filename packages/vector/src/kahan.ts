/**
 * Sum with Neumaier's compensation, step by step: `sum` and `c` after adding values, total `sum + c`.
 *
 * Source: Prometheus 3.14 util/kahansum: the compensation is dropped when the sum overflows.
 */
export class KahanSum {
  sum: number
  c: number

  constructor(sum = 0, c = 0) {
    this.sum = sum
    this.c = c
  }

  add(value: number): void {
    const { sum } = this
    const total = sum + value
    this.c = compensation(total, sum, value, this.c)
    this.sum = total
  }
}

/** The compensation after `total = sum + value`, given the one before. */
export function compensation(total: number, sum: number, value: number, c: number): number {
  if (total === Infinity || total === -Infinity) return 0
  return Math.abs(sum) >= Math.abs(value) ? c + (sum - total + value) : c + (value - total + sum)
}
