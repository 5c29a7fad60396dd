/** The goods. Prices in cents. */
export const PRODUCTS: readonly {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly cents: number
}[] = [
  { id: 'p1', name: 'Telescope', category: 'optics', cents: 24_900 },
  { id: 'p2', name: 'Star map', category: 'paper', cents: 1_990 },
  { id: 'p3', name: 'Red torch', category: 'tools', cents: 2_490 },
  { id: 'p4', name: 'Eyepiece 9 mm', category: 'optics', cents: 8_900 },
  { id: 'p5', name: 'Tripod', category: 'tools', cents: 12_900 },
  { id: 'p6', name: 'Moon filter', category: 'optics', cents: 1_490 },
  { id: 'p7', name: 'Field notebook', category: 'paper', cents: 990 },
  { id: 'p8', name: 'Warm blanket', category: 'comfort', cents: 3_990 },
]
