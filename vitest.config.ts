import type { ViteUserConfig } from 'vitest/config'
import { defineConfig } from 'vitest/config'
import { closingLine } from './tools/closing-line.ts'

// One runner for every room. Tests sit beside the code; e2e/ and bench/ have commands of their own.
const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['{packages,apps,examples}/*/src/**/*.test.{ts,tsx}', 'tools/**/*.test.ts'],
    reporters: ['default', closingLine],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // 2: the smallest machine we support; the embedded engine takes a process of its own.
    maxWorkers: 2,
  },
})

export default config
