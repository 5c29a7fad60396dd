/** Writes bits from the highest on, as Prometheus's chunks have them. Source: Prometheus 3.14 tsdb/chunkenc/bstream.go. */
export class BitWriter {
  #bytes = new Uint8Array(INITIAL_BYTES)
  /** Bits written so far. */
  #length = 0

  /** A copy of what was written, the last byte filled up with zeros. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, Math.ceil(this.#length / 8))
  }

  /** The lowest `count` bits (32 at most) of `value`. */
  bits(value: number, count: number): void {
    this.#reserve(count)
    for (let left = count; left > 0;) {
      const free = 8 - (this.#length & 7)
      const taken = Math.min(free, left)
      const piece = (value >>> (left - taken)) & ((1 << taken) - 1)
      this.#bytes[this.#length >>> 3]! |= piece << (free - taken)
      this.#length += taken
      left -= taken
    }
  }

  /** The lowest `count` bits of the 64 that two words make. */
  wideBits(high: number, low: number, count: number): void {
    if (count > 32) this.bits(high, count - 32)
    this.bits(low, Math.min(count, 32))
  }

  /** The bits of a double. */
  double(high: number, low: number): void {
    this.bits(high, 32)
    this.bits(low, 32)
  }

  /** Go's binary.PutUvarint, one byte after another. */
  uvarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.bits((rest % 128) | 0x80, 8)
      rest = Math.floor(rest / 128)
    }
    this.bits(rest, 8)
  }

  /** Go's binary.PutVarint: zigzag. */
  varint(value: number): void {
    this.uvarint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Overwrites the 16 bits that a chunk begins with. */
  setCount(count: number): void {
    this.#bytes[0] = count >>> 8
    this.#bytes[1] = count & 0xff
  }

  #reserve(bits: number): void {
    const needed = (this.#length + bits + 7) >>> 3
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

// 512 bytes: most chunks of 120 samples fit.
const INITIAL_BYTES = 512

/** Whether `value` fits `bits` bits in Prometheus's sense, whose range is shifted by one. Source: chunkenc/xor.go bitRange. */
export function fitsBits(value: number, bits: number): boolean {
  const half = 2 ** (bits - 1)
  return value >= -(half - 1) && value <= half
}

/** The bits of doubles that follow each other, each as its difference to the one before. Source: chunkenc/xor.go xorWrite. */
export class XorColumn {
  #high: number
  #low: number
  #leading = NONE
  #trailing = 0

  /** Starts after a first value that is written as it is. */
  constructor(high: number, low: number) {
    this.#high = high
    this.#low = low
  }

  write(out: BitWriter, high: number, low: number): void {
    const deltaHigh = (high ^ this.#high) >>> 0
    const deltaLow = (low ^ this.#low) >>> 0
    this.#high = high
    this.#low = low
    if (deltaHigh === 0 && deltaLow === 0) {
      out.bits(0, 1)
      return
    }
    out.bits(1, 1)
    // 31 leading zeros are the most that five bits can say.
    const leading = Math.min(31, deltaHigh === 0 ? 32 + Math.clz32(deltaLow) : Math.clz32(deltaHigh))
    const trailing = deltaLow === 0 ? 32 + trailingZeros(deltaHigh) : trailingZeros(deltaLow)
    if (this.#leading !== NONE && leading >= this.#leading && trailing >= this.#trailing) {
      out.bits(0, 1)
    } else {
      this.#leading = leading
      this.#trailing = trailing
      out.bits(1, 1)
      out.bits(leading, 5)
      // 64 significant bits read as 0 in six bits, which nothing else does.
      out.bits(64 - leading - trailing, 6)
    }
    writeShifted(out, deltaHigh, deltaLow, this.#trailing, 64 - this.#leading - this.#trailing)
  }
}

const NONE = 0xff

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** Writes `count` bits of two words, those above the lowest `shift`. */
function writeShifted(out: BitWriter, high: number, low: number, shift: number, count: number): void {
  if (shift >= 32) out.bits(high >>> (shift - 32), count)
  else if (shift === 0) out.wideBits(high, low, count)
  else out.wideBits(high >>> shift, ((low >>> shift) | (high << (32 - shift))) >>> 0, count)
}
