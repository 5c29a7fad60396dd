import fc from 'fast-check'
import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { WireError } from './errors.ts'
import { MAX_NESTING, ProtoReader } from './protobuf.ts'
import { ProtoWriter } from './protobuf-writer.ts'

/** The 64-bit value that the last read left. */
function word(reader: ProtoReader): bigint {
  return (BigInt(reader.high) << 32n) | BigInt(reader.low)
}

function readAll(reader: ProtoReader, depth = 0): void {
  while (reader.next() !== 0) {
    if (reader.wire === 2 && depth < 3 && reader.field % 2 === 1) {
      const outer = reader.enter()
      readAll(reader, depth + 1)
      reader.leave(outer)
    } else reader.skip()
  }
}

test('every varint reads back as protobufjs wrote it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const reader = new ProtoReader(protobuf.Writer.create().uint32(8).uint64(value.toString()).finish())
      reader.next()
      reader.varint()
      expect(word(reader)).toBe(value)
      expect(reader.next()).toBe(0)
    }),
  )
})

test('signed, zigzag, fixed and double values read back as written', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.double(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (int, double, fixed) => {
      const writer = new ProtoWriter()
      writer.int(1, int)
      writer.sint(2, int >> 1)
      writer.double(3, double)
      writer.fixed64(4, fixed)
      const reader = new ProtoReader(writer.finish())
      reader.next()
      expect(reader.int()).toBe(int)
      reader.next()
      expect(reader.sint()).toBe(int >> 1)
      reader.next()
      expect(reader.double()).toBe(double)
      reader.next()
      reader.fixed64()
      expect(word(reader)).toBe(fixed)
    }),
  )
})

test('the writer gives the bytes of protobufjs, nested messages past one length byte included', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.array(fc.nat()), (text, numbers) => {
      const writer = new ProtoWriter()
      const at = writer.open(1)
      writer.string(2, text)
      writer.packedInts(3, numbers)
      writer.close(at)
      const oracle = protobuf.Writer.create().uint32(10).fork().uint32(18).string(text).uint32(26).fork()
      for (const number of numbers) oracle.uint32(number)
      expect([...writer.finish()]).toEqual([...oracle.ldelim().ldelim().finish()])
    }),
  )
})

test('random bytes are read or refused with a WireError, never past their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readAll(new ProtoReader(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a length past the end of the message around it is refused, also where the bytes go on', () => {
  // Field 1 of 2 bytes holds field 1 of 5 bytes; ten more bytes follow.
  const reader = new ProtoReader(Uint8Array.of(10, 2, 10, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
  reader.next()
  reader.enter()
  reader.next()
  expect(() => reader.range()).toThrow(/5 bytes wanted/)
})

test('a length of 2^63 is refused', () => {
  const reader = new ProtoReader(Uint8Array.of(10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))
  reader.next()
  expect(() => reader.skip()).toThrow(/over 32 bits/)
})

test('a varint of eleven bytes is refused', () => {
  const reader = new ProtoReader(Uint8Array.of(8, ...new Uint8Array(10).fill(0xff), 1))
  reader.next()
  expect(() => reader.varint()).toThrow(/over ten bytes/)
})

test('nesting past the limit is refused, groups too', () => {
  expect(() => enterAll(new ProtoReader(nested()))).toThrow(/nested deeper than 64/)
  const groups = new ProtoReader(new Uint8Array(200).fill(0x0b))
  groups.next()
  expect(() => groups.skip()).toThrow(/nested deeper than 64/)
})

function nested(): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(0)
  for (let i = 0; i <= MAX_NESTING; i++) {
    const writer = new ProtoWriter()
    writer.data(1, bytes)
    bytes = writer.finish()
  }
  return bytes
}

function enterAll(reader: ProtoReader): void {
  while (reader.next() !== 0) reader.enter()
}

test('a known field of another wire type is refused', () => {
  const reader = new ProtoReader(Uint8Array.of(8, 1))
  reader.next()
  expect(() => reader.range()).toThrow(/field 1 has wire type 0, not 2/)
})

test('a message of a fixed64 and a varint is read at once in its usual form, and left alone in any other', () => {
  const double = fc.record({ number: fc.constant(1), double: fc.double() })
  const any = fc.oneof(fc.integer({ min: 0, max: 2 ** 50 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  const int = fc.record({ number: fc.constant(2), int: any })
  const field = fc.oneof(double, int, fc.record({ number: fc.constant(3), int: fc.integer({ min: 0, max: 300 }) }))
  const fieldsOf = fc.oneof(fc.tuple(double, int), fc.array(field, { maxLength: 4 }))
  let usual = 0
  fc.assert(
    fc.property(fieldsOf, fc.boolean(), (fields, isCut) => {
      const inner = protobuf.Writer.create()
      for (const one of fields) {
        if ('double' in one) inner.uint32(8 * one.number + 1).double(one.double)
        else inner.uint32(8 * one.number).uint64(String(one.int))
      }
      const message = inner.finish()
      const body = protobuf.Writer.create().uint32(18).bytes(message).finish()
      const reader = new ProtoReader(body, 0, isCut ? body.length - 1 : body.length)
      reader.next()
      const before = reader.pos
      const value = reader.fixed64AndUint()
      const [first, second] = fields
      const isPair = fields.length === 2 && first !== undefined && 'double' in first && second !== undefined && 'int' in second
      const isUsual = !isCut && isPair && second.number === 2 && BigInt(second.int) < 2n ** 49n
      if (!isUsual) {
        expect([value, reader.pos]).toEqual([-1, before])
        return
      }
      usual++
      expect(value).toBe(Number(second.int))
      expect(word(reader)).toBe(new DataView(Uint8Array.from(message).buffer).getBigUint64(1, true))
      expect(reader.next()).toBe(0)
    }),
    { numRuns: 2_000 },
  )
  expect(usual).toBeGreaterThan(20)
})
