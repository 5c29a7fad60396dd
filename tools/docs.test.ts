import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const MAX_README_LINES = 40
const rooms = ['packages', 'apps', 'examples'].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))

test('every room has a README of at most 40 lines', () => {
  const problems = rooms.filter((room) => {
    const path = `${room}/README.md`
    return !existsSync(path) || readFileSync(path, 'utf8').trimEnd().split('\n').length > MAX_README_LINES
  })
  expect(problems).toEqual([])
})

test('every step in ARCHITECTURE.md names a function that is in the file it names', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  const named = [...text.matchAll(/`([\w/.-]+\.(?:ts|tsx|mjs))` `(\w+)`/g)].map(([, file, name]) => ({
    file: file!,
    name: name!,
  }))
  expect(named.length).toBeGreaterThan(15)
  const missing = named.filter(
    ({ file, name }) => !existsSync(file) || !new RegExp(`\\b${name}\\b`).test(readFileSync(file, 'utf8')),
  )
  expect(missing).toEqual([])
})

test('every file a document links to exists', () => {
  const problems = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, target]) => target!)
      .filter((target) => !existsSync(target)),
  )
  expect(problems).toEqual([])
})
