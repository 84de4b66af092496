import assert from 'node:assert/strict';
import type { Transform } from 'node:stream';
import { test } from 'node:test';
import { constants, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { RATIO_GRACE_BYTES } from '../../../../../../apps/worker/handlers/upload/decompress/limits.ts';
import { BZIP2, BZIP2_ZEROS_BYTES, count, GENEROUS, openContent, XZ } from './sample.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

async function zerosThrough(compressor: Transform, bytes: number): Promise<Buffer> {
  const zeros = Buffer.alloc(MIB);
  const feeding = (async () => {
    for (let written = 0; written < bytes; written += MIB)
      await new Promise<void>((resolve) => compressor.write(zeros, () => resolve()));
    compressor.end();
  })();
  const chunks: Buffer[] = [];
  for await (const chunk of compressor) chunks.push(chunk as Buffer);
  await feeding;
  return Buffer.concat(chunks);
}

const BOMBS: readonly (readonly [string, () => Promise<Buffer>, number])[] = [
  ['gzip', () => zerosThrough(createGzip({ level: 1 }), GIB), GIB],
  ['zstd', () => zerosThrough(createZstdCompress(), GIB), GIB],
  ['bzip2', async () => Buffer.concat(Array(6).fill(BZIP2.zeros)), 6 * BZIP2_ZEROS_BYTES],
  ['xz', async () => Buffer.concat(Array(256).fill(XZ.zeros)), 256 * MIB],
];

for (const [format, make, bytes] of BOMBS) {
  test(`${format}: a bomb fails early, and what is allowed is read in bounded memory`, async (t) => {
    const bomb = await make();
    for (const [limits, what] of [
      [{ maxOutputBytes: 20 * MIB, maxRatio: 2 ** 40 }, /20971520 bytes that are allowed/],
      [{ maxOutputBytes: 2 ** 40, maxRatio: 20 }, /more than 20 times/],
    ] as const) {
      let seen = 0;
      const opened = await openContent(t, bomb, limits);
      const reading = (async () => {
        for await (const chunk of opened.members[0]?.open(new AbortController().signal) ?? [])
          seen += chunk.length;
      })();
      await assert.rejects(reading, { name: 'DecompressionError', code: 'decompress.limit', message: what });
      assert.ok(
        seen <=
          Math.max(RATIO_GRACE_BYTES, 20 * bomb.length, limits.maxOutputBytes === 2 ** 40 ? 0 : 20 * MIB),
      );
    }
    const opened = await openContent(t, bomb, GENEROUS);
    const before = process.memoryUsage.rss();
    let most = 0;
    const sample = () => {
      most = Math.max(most, process.memoryUsage.rss());
    };
    let chunks = 0;
    assert.equal(await count(opened.members[0], () => (chunks++ % 64 === 0 ? sample() : undefined)), bytes);
    assert.ok(most - before < 100 * MIB, `grew by ${(most - before) / MIB} MiB`);
  });
}

test('a small file may become as many times larger as it likes', async (t) => {
  const opened = await openContent(t, gzipSync(Buffer.alloc(8 * MIB)), { maxOutputBytes: GIB, maxRatio: 2 });
  assert.equal(await count(opened.members[0]), 8 * MIB);
});

test('exactly what is allowed is read', async (t) => {
  const packed = gzipSync(Buffer.alloc(1000));
  const enough = await openContent(t, packed, { maxOutputBytes: 1000, maxRatio: 1 });
  assert.equal(await count(enough.members[0]), 1000);
  const less = await openContent(t, packed, { maxOutputBytes: 999, maxRatio: 1 });
  await assert.rejects(count(less.members[0]), { code: 'decompress.limit' });
});

test('a file that is not compressed has no limits', async (t) => {
  const opened = await openContent(t, Buffer.alloc(1000), { maxOutputBytes: 10, maxRatio: 0.5 });
  assert.equal(await count(opened.members[0]), 1000);
});

test('a file that would need more memory than is given to one fails', async (t) => {
  const xz = await openContent(t, XZ.largeDictionary);
  await assert.rejects(count(xz.members[0]), {
    code: 'decompress.limit',
    message: /dictionary of 1610612736 bytes/,
  });
  const params = { [constants.ZSTD_c_windowLog]: 28, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const packed = await zerosThrough(createZstdCompress({ params }), MIB);
  const zstd = await openContent(t, packed);
  await assert.rejects(count(zstd.members[0]), { code: 'decompress.limit', message: /window/ });
  assert.equal(await count((await openContent(t, zstdCompressSync(Buffer.alloc(MIB)))).members[0]), MIB);
});
