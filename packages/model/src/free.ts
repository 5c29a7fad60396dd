/**
 * Gives the memory of a large array back at once, instead of when the collector finds it. The array, and every view of its buffer, is
 * empty afterwards: only its last owner may call this.
 *
 * Typed arrays lie outside the collector's heap, and what lies there makes it collect: 60 bodies of a MiB cost a full collection. Freed by
 * hand they cost none (bench/ingest-metrics.ts: a sixth of our CPU a sample, 2026-11). Arrays that may share Node's buffer pool are left alone.
 */
export function freeArray({ buffer }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > LARGEST_POOL_BYTES) buffer.transfer(0)
}

// 64 KiB: Node cuts small buffers out of slabs of at most this size, which other buffers live on.
const LARGEST_POOL_BYTES = 65_536
