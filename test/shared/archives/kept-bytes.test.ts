import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptBytes } from '../../../shared/archives/kept-bytes.ts';

test('what is kept stays as it was, whatever becomes of where it came from', () => {
  const kept = new KeptBytes();
  const sizes = [0, 1, 32, 5_000, 16_384, 16_385, 40_000, 70_000, 32];
  const copies = sizes.map((size, index) => {
    const bytes = Buffer.alloc(size, index + 1);
    const copy = kept.keep(bytes);
    bytes.fill(0xff);
    return copy;
  });
  for (const [index, copy] of copies.entries())
    assert.deepEqual(copy, Buffer.alloc(sizes[index] ?? 0, index + 1));
});

test('small ones share memory with each other alone', () => {
  const kept = new KeptBytes();
  const buffers = new Set(
    Array.from({ length: 4096 }, () => {
      const hash = kept.keep(Buffer.alloc(32, 7));
      Buffer.allocUnsafe(1024);
      return hash.buffer;
    }),
  );
  assert.equal(buffers.size, (4096 * 32) / 65_536);
});
