import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseConfig } from '../apps/server/src/config-file.ts'
import { makeConfig } from '../apps/server/src/config.ts'
import { CONFIG_DOC, printConfigDoc } from './config-doc.ts'

const text = readFileSync(CONFIG_DOC, 'utf8')

it('docs/configuration.md holds every key and no other: else run node --conditions=source tools/config-doc.ts', () => {
  expect(text).toBe(printConfigDoc())
})

it('the example in docs/configuration.md is a good configuration', () => {
  const example = /```yaml\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
  expect(makeConfig([parseConfig(example, '/etc/oriel.yaml')]).compatPorts).toHaveLength(1)
})
