import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { contentHash, type MemberData, readMember } from '../../../../shared/archives/zip/read-member.ts';
import { ZipFault } from '../../../../shared/archives/zip/zip-fault.ts';
import { tempDir } from '../../../support/temp.ts';
import { memberOf, opened } from './build-zip.ts';

const LARGE = Buffer.concat([randomBytes(700_000), Buffer.alloc(2_000_000, 'ab'), randomBytes(300_001)]);
const CONTENTS = { none: Buffer.alloc(0), small: Buffer.from('hello, hello, hello'), large: LARGE };

async function contentOf(fd: number, data: MemberData): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readMember(fd, data)) pieces.push(piece);
  return Buffer.concat(pieces);
}

for (const [name, content] of Object.entries(CONTENTS)) {
  for (const store of [true, false]) {
    const what = `${name} ${store ? 'stored' : 'deflated'}`;
    const { facts, packed } = memberOf('m', content, { store });

    test(`content is read as it was written: ${what}`, async (context) => {
      const { fd } = opened(context, join(tempDir(context), 'm'), Buffer.concat([Buffer.from('..'), packed]));
      const data = { ...facts, dataOffset: 2 };
      assert.ok((await contentOf(fd, data)).equals(content));
      assert.ok((await contentHash(fd, data)).equals(facts.sha256));
    });

    test(`what is wrong is a fault: ${what}`, async (context) => {
      const directory = tempDir(context);
      const { fd } = opened(context, join(directory, 'm'), packed);
      const data = { ...facts, dataOffset: 0 };
      const wrong: MemberData[] = [
        { ...data, crc32: (data.crc32 ^ 1) >>> 0 },
        { ...data, sizeBytes: data.sizeBytes + 1 },
        { ...data, packedBytes: data.packedBytes + 1 },
        { ...data, method: 99 },
        ...(content.length === 0 ? [] : [{ ...data, sizeBytes: data.sizeBytes - 1 }]),
        ...(packed.length === 0
          ? []
          : [
              { ...data, packedBytes: data.packedBytes - 1 },
              { ...data, dataOffset: 1 },
            ]),
      ];
      for (const one of wrong)
        await assert.rejects(contentHash(fd, one), ZipFault, JSON.stringify({ ...one, sha256: '' }));
    });
  }
}

test('what lies behind a deflate stream that is counted as its data is a fault, small or large', async (context) => {
  for (const content of [CONTENTS.small, CONTENTS.large]) {
    const { facts, packed } = memberOf('m', content);
    const more = Buffer.concat([packed, Buffer.alloc(300_000, 'x')]);
    const { fd } = opened(context, join(tempDir(context), 'm'), more);
    const data = { ...facts, packedBytes: more.length, dataOffset: 0 };
    await assert.rejects(contentHash(fd, data), ZipFault);
  }
});

test('no more is unpacked than the header says, however much would come', async (context) => {
  const packed = deflateRawSync(Buffer.alloc(300_000_000));
  const { fd } = opened(context, join(tempDir(context), 'm'), packed);
  const data = { ...memberOf('m', '').facts, method: 8, packedBytes: packed.length, dataOffset: 0 };
  for (const sizeBytes of [10, 1_000_000]) {
    let given = 0;
    const run = async () => {
      for await (const piece of readMember(fd, { ...data, sizeBytes })) given += piece.length;
    };
    await assert.rejects(run(), ZipFault);
    assert.ok(given <= sizeBytes);
  }
});

test('reading may end before the content does', async (context) => {
  const { facts, packed } = memberOf('m', LARGE);
  const { fd } = opened(context, join(tempDir(context), 'm'), packed);
  for await (const piece of readMember(fd, { ...facts, dataOffset: 0 })) {
    assert.ok(piece.length < LARGE.length);
    break;
  }
});
