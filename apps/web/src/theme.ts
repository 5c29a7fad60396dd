import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core'
import { createTheme } from '@mantine/core'
import type { Scheme } from './frame/palette.ts'
import { SERIES_COLORS, SURFACES } from './frame/palette.ts'

// Our accent, an indigo that keeps 4.5:1 against both surfaces at the shades set below.
const indigo: MantineColorsTuple = [
  '#f0f0fe',
  '#dedefb',
  '#bcbcf5',
  '#9d9cf1',
  '#8583ee',
  '#6a67e4',
  '#5754d6',
  '#4c48c7',
  '#3f3bab',
  '#33308c',
]

// Our neutrals in Mantine's order: text, dimmed text, ..., borders (4), hover (5), inputs (6), surfaces (7), ground (9).
const dark: MantineColorsTuple = [
  '#e8e9ed',
  '#b4b6c0',
  '#9496a3',
  '#6b6d78',
  '#3c3e46',
  '#2a2b31',
  '#202126',
  '#1a1b1e',
  '#151619',
  '#121316',
]

/** Mantine's theme: dense, quiet, our accent and fonts. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 6 },
  colors: { indigo, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  defaultRadius: 'sm',
  radius: { xs: '3px', sm: '6px', md: '8px', lg: '10px', xl: '14px' },
  autoContrast: true,
  luminanceThreshold: 0.35,
  cursorType: 'pointer',
})

/** The series colours and the chart surface as CSS variables, from the one list in palette.ts. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: schemeVariables('light'),
  dark: schemeVariables('dark'),
})

function schemeVariables(scheme: Scheme): Record<string, string> {
  const variables: Record<string, string> = { '--surface': SURFACES[scheme] }
  SERIES_COLORS[scheme].forEach((color, index) => {
    variables[`--series-${index}`] = color
  })
  return variables
}
