import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { METHODS, type MemberFacts } from '../../shared/archives/contract.ts';
import { readStaged } from '../../shared/archives/recovery/read-staged.ts';
import { encodeDirectoryEnd, encodeDirectoryEntry } from '../../shared/archives/zip/directory.ts';
import { encodeLocalHeader } from '../../shared/archives/zip/local-header.ts';
import { memberOf, RANDOM } from '../shared/archives/zip/build-zip.ts';
import { missing, run } from '../shared/archives/zip/tools.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp.ts';

const LARGE_BYTES = 2 ** 32 + 5;

/** Nothing but zeros, so that a file system keeps none of it. */
const large: MemberFacts = {
  name: 'ar.zip/large',
  method: METHODS.store,
  ...hashZeros(LARGE_BYTES),
  sizeBytes: LARGE_BYTES,
  packedBytes: LARGE_BYTES,
  mtimeMs: Date.UTC(2024, 10, 2),
  mode: 0o100644,
};
const small = memberOf('ar.zip/small', 'behind it');

function hashZeros(bytes: number): { crc32: number; sha256: Buffer } {
  const zeros = Buffer.alloc(1024 ** 2);
  const hash = createHash('sha256');
  let crc = 0;
  for (let left = bytes; left > 0; left -= zeros.length) {
    const piece = zeros.subarray(0, Math.min(left, zeros.length));
    crc = crc32(piece, crc);
    hash.update(piece);
  }
  return { crc32: crc, sha256: hash.digest() };
}

/** A member of more than 4 GiB and one behind it, as a staging archive, with its directory or without. */
function write(path: string, hasDirectory: boolean): number {
  const header = encodeLocalHeader(large, RANDOM);
  const smallOffset = header.length + LARGE_BYTES;
  const smallHeader = encodeLocalHeader(small.facts, RANDOM);
  const directoryOffset = smallOffset + smallHeader.length + small.packed.length;
  const entries = [
    encodeDirectoryEntry(large, 0, RANDOM),
    encodeDirectoryEntry(small.facts, smallOffset, RANDOM),
  ];
  const directoryBytes = Buffer.concat(entries).length;
  const end = encodeDirectoryEnd({ entries: 2, directoryBytes, directoryOffset, comment: '' });
  const rest = Buffer.concat([smallHeader, small.packed, ...(hasDirectory ? [...entries, end] : [])]);
  const fd = openSync(path, 'w');
  ftruncateSync(fd, smallOffset);
  writeSync(fd, header, 0, header.length, 0);
  writeSync(fd, rest, 0, rest.length, smallOffset);
  closeSync(fd);
  return smallOffset + rest.length;
}

/** `unzip` reads some 160 MB of it a second. */
const READ_MS = 115_000;

const READERS = {
  unzip: { look: ['-v'], args: ['-tqq'] },
  '7z': { look: ['i'], args: ['t', '-bd'] },
  bsdtar: { look: ['--version'], args: ['-xOf'] },
  python3: { look: ['--version'], args: ['-m', 'zipfile', '-t'] },
};

for (const [reader, { look, args }] of Object.entries(READERS)) {
  test(`${reader} reads a member of more than 4 GiB`, {
    skip: missing(reader, ...look),
  }, (context: TestContext) => {
    const path = join(tempDir(context), 'a.zip');
    write(path, true);
    const script = `${reader} "$@" > /dev/null`;
    const { status, text } = run('sh', ['-c', script, reader, ...args, path], undefined, READ_MS);
    assert.equal(status, 0, text);
    assert.equal(text, '');
  });
}

test('archive test reads a member of more than 4 GiB', async (context) => {
  const cwd = tempDir(context);
  write(join(cwd, 'a.zip'), true);
  const { stdout, exitCode } = await cli(['archive', 'test', 'a.zip'], { cwd });
  assert.deepEqual([exitCode, stdout], [0, 'no faults: read 2 members, 4.3 GB\n']);
});

test('a member of more than 4 GiB is recovered, and what lies behind it', async (context) => {
  const path = join(tempDir(context), 'staged');
  for (const hasDirectory of [false, true]) {
    const sizeBytes = write(path, hasDirectory);
    const fd = openSync(path, 'r');
    const sizes: unknown[] = [];
    for await (const one of readStaged(fd, sizeBytes, RANDOM))
      sizes.push('member' in one ? one.member.sizeBytes : one);
    closeSync(fd);
    assert.deepEqual(sizes, [LARGE_BYTES, small.content.length]);
  }
});
