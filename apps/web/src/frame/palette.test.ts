import { describe, expect, it } from 'vitest'
import type { Scheme } from './palette.ts'
import { SERIES_COLORS, serviceColorIndex, SURFACES } from './palette.ts'

type Rgb = readonly [number, number, number]

const SCHEMES: readonly Scheme[] = ['light', 'dark']
// Machado, Oliveira, Fernandes 2009, severity 1.
const VISION: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

describe.each(SCHEMES)('the %s series colours', (scheme) => {
  it('stand out from their surface by 3:1 (WCAG 1.4.11)', () => {
    for (const color of SERIES_COLORS[scheme])
      expect(contrast(linearOf(color), linearOf(SURFACES[scheme])), color).toBeGreaterThanOrEqual(3)
  })

  it.each(Object.keys(VISION))('are at least 12 CIEDE2000 apart under %s vision', (vision) => {
    const colors = SERIES_COLORS[scheme].map((color) => labOf(simulate(linearOf(color), VISION[vision] ?? [])))
    for (const [i, a] of colors.entries()) {
      for (const b of colors.slice(i + 1)) expect(ciede2000(a, b), `${SERIES_COLORS[scheme][i]}`).toBeGreaterThanOrEqual(12)
    }
  })
})

it('a service has one colour, and eight common names have eight', () => {
  const shop = ['gateway', 'auth', 'product', 'inventory', 'pricing', 'cart', 'order', 'payment']
  expect(serviceColorIndex('gateway')).toBe(serviceColorIndex('gateway'))
  expect(new Set(shop.map(serviceColorIndex)).size).toBe(8)
})

function linearOf(hex: string): Rgb {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

function simulate(rgb: Rgb, matrix: readonly Rgb[]): Rgb {
  const row = (i: number): number =>
    Math.min(
      1,
      Math.max(
        0,
        (matrix[i] ?? [0, 0, 0]).reduce((sum, factor, j) => sum + factor * (rgb[j] ?? 0), 0),
      ),
    )
  return [row(0), row(1), row(2)]
}

function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, blue]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * blue
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

function labOf([r, g, b]: Rgb): Rgb {
  const f = (t: number): number => (t > 216 / 24_389 ? Math.cbrt(t) : (t * (24_389 / 27) + 16) / 116)
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b)
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

// Source: Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula".
function ciede2000([l1, a1, b1]: Rgb, [l2, a2, b2]: Rgb): number {
  const rad = Math.PI / 180
  const cMean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const g = 0.5 * (1 - Math.sqrt(cMean ** 7 / (cMean ** 7 + 25 ** 7)))
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)]
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)]
  const hue = (b: number, a: number): number => (Math.atan2(b, a) / rad + 360) % 360
  const [h1, h2] = [hue(b1, p1), hue(b2, p2)]
  let dh = h2 - h1
  if (c1 * c2 === 0) dh = 0
  else if (dh > 180) dh -= 360
  else if (dh < -180) dh += 360
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin((dh / 2) * rad)
  const l = (l1 + l2) / 2
  const c = (c1 + c2) / 2
  const h = c1 * c2 === 0 ? h1 + h2 : Math.abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2
  const t =
    1 -
    0.17 * Math.cos((h - 30) * rad) +
    0.24 * Math.cos(2 * h * rad) +
    0.32 * Math.cos((3 * h + 6) * rad) -
    0.2 * Math.cos((4 * h - 63) * rad)
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2)
  const sc = 1 + 0.045 * c
  const sh = 1 + 0.015 * c * t
  const rt = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * rad)
  return Math.sqrt(((l2 - l1) / sl) ** 2 + ((c2 - c1) / sc) ** 2 + (dH / sh) ** 2 + rt * ((c2 - c1) / sc) * (dH / sh))
}
