import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { DecompressionError } from '../../../../../../apps/worker/handlers/upload/decompress/error.ts';
import { openCompressed } from '../../../../../../apps/worker/handlers/upload/decompress/open-compressed.ts';
import { BZIP2, fileOf, GENEROUS, openContent, readAll, SKIPPABLE, TEXT, XZ } from './sample.ts';

const gzip = gzipSync(TEXT);
const zstd = zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

type Sample = {
  what: string;
  parts: readonly Buffer[];
  /** Of which each tells the format: a wrong bit hides it. */
  magicBytes: number;
  /** Of a file that is cut, by which it is known; fewer may be anything. */
  knownBytes?: number;
  /** Zeros at the end, of which any multiple of the unit may be there. */
  padding?: { bytes: number; unit: number };
};

const FILES: readonly Sample[] = [
  { what: 'gzip', parts: [gzip], magicBytes: 2 },
  { what: 'gzip of two members', parts: [gzip, gzip], magicBytes: 2 },
  {
    what: 'gzip with padding',
    parts: [gzip, Buffer.alloc(5)],
    magicBytes: 2,
    padding: { bytes: 5, unit: 1 },
  },
  { what: 'zstd', parts: [zstd], magicBytes: 4 },
  { what: 'zstd of three frames', parts: [zstd, SKIPPABLE, zstd], magicBytes: 4 },
  { what: 'bzip2', parts: [BZIP2.text], magicBytes: 10, knownBytes: 4 },
  { what: 'bzip2 of two streams', parts: [BZIP2.text, BZIP2.text], magicBytes: 10, knownBytes: 4 },
  { what: 'xz with CRC-32', parts: [XZ.crc32], magicBytes: 6 },
  { what: 'xz with CRC-64', parts: [XZ.crc64], magicBytes: 6 },
  { what: 'xz with SHA-256', parts: [XZ.sha256], magicBytes: 6 },
  { what: 'xz with filters', parts: [XZ.filters], magicBytes: 6 },
  { what: 'xz of two streams', parts: [XZ.crc64, XZ.crc32], magicBytes: 6 },
  {
    what: 'xz with padding',
    parts: [XZ.crc64, Buffer.alloc(8)],
    magicBytes: 6,
    padding: { bytes: 8, unit: 4 },
  },
];

for (const { what, parts, magicBytes, knownBytes = magicBytes, padding } of FILES) {
  const text = TEXT.repeat(parts.filter((part) => part[0] !== 0 && part !== SKIPPABLE).length);
  const content = Buffer.concat(parts);
  const dataBytes = content.length - (padding?.bytes ?? 0);

  test(`${what}: cut anywhere it fails, but where nothing of the content is missing`, async (t) => {
    const fd = fileOf(t, content);
    const wholes = new Map<number, string>();
    let bytes = 0;
    let expectedText = '';
    for (const part of parts) {
      bytes += part.length;
      if (part[0] !== 0 && part !== SKIPPABLE) expectedText += TEXT;
      wholes.set(bytes, expectedText);
    }
    if (padding !== undefined)
      for (let end = dataBytes; end < content.length; end += padding.unit) wholes.set(end, text);
    for (let sizeBytes = knownBytes; sizeBytes <= content.length; sizeBytes++) {
      const opened = await openCompressed(fd, sizeBytes, GENEROUS);
      assert.notEqual(opened.format, 'none', `${sizeBytes} bytes`);
      const expected = wholes.get(sizeBytes);
      if (expected !== undefined) assert.equal(await readAll(opened), expected, `${sizeBytes} bytes`);
      else
        await assert.rejects(
          readAll(opened),
          (error) =>
            error instanceof DecompressionError &&
            (error.code === 'decompress.truncated' || sizeBytes > dataBytes),
          `${sizeBytes} bytes`,
        );
    }
  });

  test(`${what}: any bit that is wrong makes it fail, or does not matter`, async (t) => {
    const fd = fileOf(t, content);
    let failed = 0;
    for (let bit = 0; bit < content.length * 8; bit++) {
      const byte = content[bit >> 3] ?? 0;
      writeSync(fd, Buffer.of(byte ^ (1 << (bit & 7))), 0, 1, bit >> 3);
      try {
        const opened = await openCompressed(fd, content.length, GENEROUS);
        if (opened.format !== 'none') assert.equal(await readAll(opened), text, `bit ${bit}`);
        else assert.ok(bit < magicBytes * 8, `bit ${bit} hides the format`);
      } catch (error) {
        if (!(error instanceof DecompressionError)) throw error;
        failed++;
      }
      writeSync(fd, Buffer.of(byte), 0, 1, bit >> 3);
    }
    // The headers of gzip hold a time and a system that no checksum covers, frames to skip hold anything.
    assert.ok(failed > content.length * 8 * 0.6, `${failed} of ${content.length * 8}`);
  });
}

for (const [what, content] of [
  ['gzip', Buffer.concat([gzip, Buffer.from('garbage')])],
  ['gzip with zeros between', Buffer.concat([gzip, Buffer.alloc(9), gzip])],
  ['zstd', Buffer.concat([zstd, Buffer.from('garbage')])],
  ['zstd with zeros', Buffer.concat([zstd, Buffer.alloc(4)])],
  ['bzip2', Buffer.concat([BZIP2.text, Buffer.from('garbage')])],
  ['xz', Buffer.concat([XZ.crc64, Buffer.from('garbage!garbage!')])],
  ['xz with three zeros and a stream', Buffer.concat([XZ.crc64, Buffer.alloc(3), XZ.crc64])],
] as const) {
  test(`${what}: what follows the end and does not belong there makes it fail`, async (t) => {
    await assert.rejects(readAll(await openContent(t, content)), { code: 'decompress.corrupt' });
  });
}

test('the first bytes of gzip alone are no gzip file', async (t) => {
  await assert.rejects(readAll(await openContent(t, Buffer.of(0x1f, 0x8b))), {
    name: 'DecompressionError',
    code: 'decompress.truncated',
    retryable: false,
    message: /^gzip: /,
  });
});

test('bzip2 of another age is said to be unsupported', async (t) => {
  const randomized = Buffer.from(BZIP2.text);
  randomized[14] = (randomized[14] ?? 0) | 0x80;
  await assert.rejects(readAll(await openContent(t, randomized)), { code: 'decompress.unsupported' });
});
