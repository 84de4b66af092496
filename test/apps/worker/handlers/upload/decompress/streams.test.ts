import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { READ_BYTES } from '../../../../../../apps/worker/handlers/upload/decompress/read-range.ts';
import { BLOCKS, BZIP2, openContent, read, readAll, SKIPPABLE, TEXT, XZ } from './sample.ts';

const gzip = gzipSync(TEXT);
const zstd = zstdCompressSync(TEXT);
/** Both formats skip the same frames. */
const lz4 = Buffer.concat([SKIPPABLE, Buffer.from('\x04"M\x18')]);

for (const [format, what, content, expected] of [
  ['none', 'an empty file', Buffer.alloc(0), ''],
  ['none', 'one byte', Buffer.from('P'), 'P'],
  ['none', 'text', Buffer.from(TEXT), TEXT],
  ['none', 'text that begins like bzip2', Buffer.from('BZh9 is how it begins'), 'BZh9 is how it begins'],
  ['none', 'a program that unpacks itself', Buffer.from('MZ PK\x03\x04'), 'MZ PK\x03\x04'],
  ['none', 'lz4 behind a frame to skip', lz4, lz4.toString()],
  ['gzip', 'text', gzip, TEXT],
  ['gzip', 'nothing', gzipSync(''), ''],
  ['gzip', 'several members', Buffer.concat([gzip, gzipSync(''), gzip]), TEXT + TEXT],
  ['gzip', 'zeros behind its end', Buffer.concat([gzip, Buffer.alloc(1000)]), TEXT],
  ['zstd', 'text', zstd, TEXT],
  ['zstd', 'nothing', zstdCompressSync(''), ''],
  ['zstd', 'several frames', Buffer.concat([zstd, zstdCompressSync(''), zstd, zstd]), TEXT.repeat(3)],
  ['zstd', 'frames to skip', Buffer.concat([SKIPPABLE, SKIPPABLE, zstd, SKIPPABLE, zstd]), TEXT + TEXT],
  ['zstd', 'only frames to skip', Buffer.concat([SKIPPABLE, SKIPPABLE]), ''],
  ['bzip2', 'text', BZIP2.text, TEXT],
  ['bzip2', 'nothing', BZIP2.empty, ''],
  ['bzip2', 'several blocks', BZIP2.blocks, BLOCKS],
  ['bzip2', 'several streams', Buffer.concat([BZIP2.text, BZIP2.empty, BZIP2.blocks]), TEXT + BLOCKS],
  ['xz', 'no checksum', XZ.none, TEXT],
  ['xz', 'CRC-32', XZ.crc32, TEXT],
  ['xz', 'CRC-64', XZ.crc64, TEXT],
  ['xz', 'SHA-256', XZ.sha256, TEXT],
  ['xz', 'filters', XZ.filters, TEXT],
  ['xz', 'nothing', XZ.empty, ''],
  ['xz', 'several blocks', XZ.blocks, BLOCKS],
  ['xz', 'several streams', Buffer.concat([XZ.crc32, XZ.empty, XZ.sha256]), TEXT + TEXT],
  [
    'xz',
    'zeros between and behind',
    Buffer.concat([XZ.crc32, Buffer.alloc(4), XZ.crc64, Buffer.alloc(8)]),
    TEXT + TEXT,
  ],
] as const) {
  test(`${format}: ${what} is read whole, each time anew`, async (t) => {
    const opened = await openContent(t, content);
    assert.equal(opened.format, format);
    assert.deepEqual(
      opened.members.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
      [{ name: undefined, sizeBytes: format === 'none' ? content.length : undefined }],
    );
    assert.deepEqual(await Promise.all([readAll(opened), readAll(opened)]), [expected, expected]);
  });
}

for (const [format, compress] of [
  ['gzip', (content: Buffer) => gzipSync(content)],
  ['zstd', (content: Buffer) => zstdCompressSync(content)],
] as const) {
  test(`${format}: a large file and many parts of every size are read whole`, async (t) => {
    const contents = Array.from({ length: 60 }, (_, part) => randomBytes(part * 1999));
    contents.push(randomBytes(5_000_000));
    const opened = await openContent(t, Buffer.concat(contents.map(compress)));
    assert.ok(Buffer.concat(contents).equals(await read(opened.members[0])));
  });
}

for (const distance of [-2, -1, 0, 1, 2]) {
  test(`gzip: a member that ends ${distance} bytes from where a read ends is followed by whatever follows`, async (t) => {
    const overhead = gzipSync('x', { level: 0 }).length - 1;
    // Stored in several parts, of which each has a header; what is left is the overhead of the last.
    let content = randomBytes(READ_BYTES + distance - overhead);
    content = content.subarray(
      0,
      content.length - (gzipSync(content, { level: 0 }).length - READ_BYTES - distance),
    );
    const member = gzipSync(content, { level: 0 });
    assert.equal(member.length, READ_BYTES + distance);
    const padded = await openContent(t, Buffer.concat([member, Buffer.alloc(READ_BYTES * 2)]));
    assert.ok(content.equals(await read(padded.members[0])));
    const twice = await openContent(t, Buffer.concat([member, gzip, member]));
    assert.ok(Buffer.concat([content, Buffer.from(TEXT), content]).equals(await read(twice.members[0])));
    const spoiled = await openContent(t, Buffer.concat([member, Buffer.alloc(READ_BYTES), Buffer.from('x')]));
    await assert.rejects(read(spoiled.members[0]), { code: 'decompress.corrupt' });
  });
}
