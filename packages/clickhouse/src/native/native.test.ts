import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BytesColumn,
  DictColumn,
  F64Column,
  MapColumn,
  STALE_HIGH,
  STALE_LOW,
  U128Column,
  U32Column,
  U64Column,
} from '@oriel/model'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenEngine } from '../open.ts'
import { openEngine } from '../open.ts'
import type { NativeField } from './index.ts'
import {
  bigintsField,
  constantField,
  dateTime64Field,
  dictField,
  f64Field,
  idsField,
  mapField,
  nativeBlock,
  NativeFormatError,
  NativeReader,
  numbersField,
  readNative,
  stringField,
  stringsField,
  u128Field,
  u32Field,
  u64Field,
  u8Field,
} from './index.ts'
import { parseNativeType } from './type.ts'

const TEXTS = fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { minLength: 1, maxLength: 50 })
const MAPS = fc.array(
  fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 200 }), { noNullPrototype: true }),
  {
    minLength: 1,
    maxLength: 30,
  },
)

function bytesOf(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces)
}

function mapColumn(maps: readonly Readonly<Record<string, string>>[]): MapColumn {
  const column = new MapColumn()
  for (const map of maps) column.pushRecord(map)
  return column
}

/** Columns of every kind that a writer makes, three rows. */
function sampleFields(): NativeField[] {
  const [u64, f64, u128, u32] = [new U64Column(), new F64Column(), new U128Column(), new U32Column()]
  const [bytes, dict] = [new BytesColumn(), new DictColumn()]
  for (let row = 0; row < 3; row++) {
    u64.pushBigInt(2n ** 63n + BigInt(row))
    f64.pushDouble(row / 3)
    u128.pushFrom(Uint32Array.of(row, 2, 3, 0xffff_ffff), 0)
    u32.push(row)
    bytes.pushString('x'.repeat(100 * row))
    dict.push(`value ${row % 2}`)
  }
  return [
    u64Field('u64', u64),
    f64Field('f64', f64),
    u128Field('u128', u128),
    u32Field('u32', u32),
    u8Field('u8', u32),
    stringField('bytes', bytes),
    dictField('dict', dict),
    mapField('map', mapColumn([{ a: '1', b: '2' }, {}, { a: '3' }])),
    constantField('constant', 'same', 3),
    stringsField('strings', ['a', '', 'c']),
    bigintsField('bigints', [1n, 2n, 3n]),
    numbersField('numbers', [1, 2, 3]),
    idsField('ids', [Uint32Array.of(1, 0, 0, 0), Uint32Array.of(2, 0, 0, 0), Uint32Array.of(3, 0, 0, 0)]),
  ]
}

describe('the Native format', () => {
  it('is read back as it was written', () => {
    const [block] = readNative(bytesOf(nativeBlock(3, sampleFields())))
    expect(block?.rows).toBe(3)
    expect([...(block?.bigints('u64') ?? [])]).toEqual([2n ** 63n, 2n ** 63n + 1n, 2n ** 63n + 2n])
    expect([...(block?.doubles('f64') ?? [])]).toEqual([0, 1 / 3, 2 / 3])
    expect([...(block?.words('u128').slice(4, 8) ?? [])]).toEqual([1, 2, 3, 0xffff_ffff])
    expect([...(block?.numbers('u8') ?? [])]).toEqual([0, 1, 2])
    expect(block?.strings('bytes').map((text) => text.length)).toEqual([0, 100, 200])
    expect(block?.strings('dict')).toEqual(['value 0', 'value 1', 'value 0'])
    expect(block?.maps('map')).toEqual([{ a: '1', b: '2' }, {}, { a: '3' }])
    expect(block?.strings('constant')).toEqual(['same', 'same', 'same'])
    expect(block?.strings('strings')).toEqual(['a', '', 'c'])
  })

  it('has these bytes for a block of one text column', () => {
    const golden = '0101' + '0161' + '06537472696e67' + '026869'
    expect(Buffer.from(bytesOf(nativeBlock(1, [stringsField('a', ['hi'])]))).toString('hex')).toBe(golden)
  })

  it('keeps any text and any map', () => {
    fc.assert(
      fc.property(TEXTS, MAPS, (texts, maps) => {
        const bytes = bytesOf([
          ...nativeBlock(texts.length, [stringsField('t', texts)]),
          ...nativeBlock(maps.length, [mapField('m', mapColumn(maps))]),
        ])
        const [first, second] = readNative(bytes)
        expect(first?.strings('t')).toEqual(texts)
        expect(second?.maps('m')).toEqual(maps)
      }),
    )
  })

  it('is read the same in pieces of any size', () => {
    const bytes = bytesOf([...nativeBlock(3, sampleFields()), ...nativeBlock(3, sampleFields())])
    const whole = readNative(bytes)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
        const reader = new NativeReader()
        const blocks = []
        for (let at = 0, i = 0; at < bytes.length; at += sizes[i % sizes.length]!, i++) {
          reader.push(bytes.subarray(at, at + sizes[i % sizes.length]!))
          for (let block = reader.next(); block !== undefined; block = reader.next()) blocks.push(block)
        }
        expect(reader.isBetweenBlocks).toBe(true)
        expect(blocks).toEqual(whole)
      }),
      { numRuns: 50 },
    )
  })

  it('cut short anywhere is told, and gives no half block', () => {
    const bytes = bytesOf(nativeBlock(3, sampleFields()))
    for (let length = 1; length < bytes.length; length++) {
      expect(() => readNative(bytes.subarray(0, length)), `${length} bytes`).toThrow(NativeFormatError)
    }
  })

  it('with any bytes changed is read, refused or cut short, and never takes long or much', () => {
    const bytes = bytesOf(nativeBlock(3, sampleFields()))
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const broken = Uint8Array.from(bytes)
        for (const { at, to } of changes) broken[at] = to
        const reader = new NativeReader()
        reader.push(broken)
        try {
          for (let block = reader.next(); block !== undefined; block = reader.next()) expect(block.rows).toBeGreaterThan(0)
        } catch (error) {
          expect(String(error)).toMatch(/cannot read Native/)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('has types with other types in them', () => {
    expect(parseNativeType('Array(Tuple(a UInt64, Map(LowCardinality(String), Nullable(Float64))))')).toEqual({
      kind: 'array',
      inner: {
        kind: 'tuple',
        items: [
          { kind: 'words', wordsPerRow: 2, isSigned: false },
          {
            kind: 'map',
            key: { kind: 'lowCardinality', inner: { kind: 'string' } },
            value: { kind: 'nullable', inner: { kind: 'number', array: 'f64' } },
          },
        ],
      },
    })
    expect(parseNativeType("DateTime64(3, 'Etc/GMT-1')")).toEqual({ kind: 'words', wordsPerRow: 2, isSigned: true })
    expect(() => parseNativeType('Variant(String, UInt8)')).toThrow(/cannot read Native column of type Variant/)
  })
})

describe('the engine and the codec', () => {
  let opened: OpenEngine
  let dataDir: string
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-native-'))
    opened = openEngine({ dataDir })
    await opened.engine.started
  })
  afterAll(async () => {
    await opened.close()
    rmSync(dataDir, { recursive: true })
  })

  it('agree on every kind of column, several blocks in one insert', async () => {
    const { client } = opened
    await client.command(`CREATE TABLE kinds (
      u64 UInt64, f64 Float64, u128 UInt128, u32 UInt32, u8 UInt8, bytes String, dict LowCardinality(String),
      map Map(LowCardinality(String), String), constant LowCardinality(String), strings String, bigints UInt64, numbers UInt32, ids UInt128
    ) ENGINE = MergeTree ORDER BY u64`)
    const pieces = nativeBlock(3, sampleFields())
    await client.insert('kinds', [...pieces, ...pieces])
    const text = 'SELECT *, toString(tuple(*)) AS text FROM kinds ORDER BY u64'
    const [block] = await client.query(text)
    expect(block?.rows).toBe(6)
    expect(block?.strings('text')[4]).toBe(
      `(9223372036854775810,0.6666666666666666,${(0xffff_ffffn << 96n) + (3n << 64n) + (2n << 32n) + 2n},2,2,'${'x'.repeat(200)}','value 0',` +
        `{'a':'3'},'same','c',3,3,3)`,
    )
    expect(block?.maps('map')).toEqual([{ a: '1', b: '2' }, { a: '1', b: '2' }, {}, {}, { a: '3' }, { a: '3' }])
  })

  it('agree where blocks come one by one in memory that is used again', async () => {
    const { client } = opened
    await client.command('CREATE TABLE streamed (n UInt64) ENGINE = MergeTree ORDER BY n')
    const words = new Uint32Array(2 * 100_000)
    async function* blocks() {
      for (let block = 0; block < 5; block++) {
        for (let row = 0; row < 100_000; row++) words[2 * row] = 100_000 * block + row
        yield nativeBlock(100_000, [u64Field('n', { words })])
        await Promise.resolve()
      }
    }
    await client.insert('streamed', blocks())
    const [found] = await client.query('SELECT count() AS rows, uniqExact(n) AS values, max(n) AS greatest FROM streamed')
    expect([found?.numbers('rows')[0], found?.numbers('values')[0], found?.numbers('greatest')[0]]).toEqual([
      500_000, 500_000, 499_999,
    ])
  })

  it('say why the engine refuses blocks that come one by one, and are done with them then', async () => {
    const { client } = opened
    let isOver = false
    async function* blocks() {
      try {
        for (let block = 0; block < 20; block++) yield nativeBlock(1_000, [u64Field('n', { words: new Uint32Array(2_000) })])
      } finally {
        isOver = true
      }
    }
    await expect(client.insert('no_such_table', blocks())).rejects.toThrow(/no_such_table/)
    expect(isOver).toBe(true)
  })

  it('agree on the bits of a staleness marker and on milliseconds', async () => {
    const { client } = opened
    await client.command("CREATE TABLE bits (t DateTime64(3, 'UTC'), value Float64) ENGINE = MergeTree ORDER BY t")
    const [t, value] = [new U64Column(), new F64Column()]
    t.pushNumber(1_773_489_600_123)
    value.push(STALE_LOW, STALE_HIGH)
    await client.insert('bits', nativeBlock(1, [dateTime64Field('t', 3, t), f64Field('value', value)]))
    const [block] = await client.query('SELECT t, value, toString(t) AS text, hex(reinterpretAsUInt64(value)) AS bits FROM bits')
    const values = block?.doubles('value')
    expect(block?.strings('text')).toEqual(['2026-03-14 12:00:00.123'])
    expect(block?.strings('bits')).toEqual(['7FF0000000000002'])
    expect([...(block?.numbers('t') ?? [])]).toEqual([1_773_489_600_123])
    expect([...new Uint32Array(values?.buffer ?? new ArrayBuffer(0))]).toEqual([STALE_LOW, STALE_HIGH])
  })

  it('agree on answers of many types, empty ones too', async () => {
    const sql = `SELECT
      [[1, 2], []]::Array(Array(UInt16)) AS nested, ('a', -5::Int64)::Tuple(name String, n Int64) AS pair,
      CAST(NULL, 'Nullable(Float64)') AS nothing, CAST(NULL, 'LowCardinality(Nullable(String))') AS dictionary, true AS flag,
      [toLowCardinality('x'), toLowCardinality('y')] AS words, []::Array(LowCardinality(String)) AS none, -7::Int32 AS negative`
    const [block] = await opened.client.query(sql)
    expect(block?.column('nested').kind).toBe('array')
    expect(block?.column('pair')).toMatchObject({ kind: 'tuple' })
    expect(block?.column('nothing')).toMatchObject({ kind: 'nullable', isNull: Uint8Array.of(1) })
    expect(block?.stringLists('words')).toEqual([['x', 'y']])
    expect(block?.stringLists('none')).toEqual([[]])
    expect(block?.numbers('negative')[0]).toBe(-7)
    expect(await opened.client.query('SELECT 1 AS n WHERE 0')).toEqual([])
  })
})
