import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readStaged } from '../../../../shared/archives/recovery/read-staged.ts';
import {
  dataOffsetOf,
  readDirectory,
  readDirectoryEnd,
} from '../../../../shared/archives/zip/read-directory.ts';
import { contentHash } from '../../../../shared/archives/zip/read-member.ts';
import { ZipFault } from '../../../../shared/archives/zip/zip-fault.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, memberOf, opened, RANDOM } from '../zip/build-zip.ts';
import { missing, run } from '../zip/tools.ts';

const noise = (seed: number, bytes: number): Buffer => {
  const parts: Buffer[] = [];
  for (let index = 0; index * 32 < bytes; index += 1)
    parts.push(createHash('sha256').update(`${seed}:${index}`).digest());
  return Buffer.concat(parts).subarray(0, bytes);
};

const NESTED = buildZip([memberOf('a.zip/nested', 'not a member')]).bytes;
const MEMBERS = [
  memberOf('a.zip/text', 'hello '.repeat(200)),
  memberOf('a.zip/noise', noise(1, 5000), { store: true }),
  memberOf('b.zip/inner.zip', NESTED, { store: true }),
  memberOf('b.zip/empty', '', { store: true }),
  memberOf('b.zip/more', noise(2, 20_000)),
  memberOf('c.zip/last', 'the end'),
];
const WHOLE = buildZip(MEMBERS, '', RANDOM);
const middle = (index: number): number => (WHOLE.offsets[index] ?? 0) + 90;

const flipped = (...at: number[]): Buffer => {
  const bytes = Buffer.from(WHOLE.bytes);
  for (const index of at) bytes[index] = (bytes[index] ?? 0) ^ 0x55;
  return bytes;
};
const cut = (size: number): Buffer => WHOLE.bytes.subarray(0, size);

const BROKEN: Readonly<Record<string, Buffer>> = {
  'without a directory': cut(WHOLE.directoryOffset),
  'with half a directory': cut(WHOLE.directoryOffset + 200),
  'cut in the data of the last': cut(WHOLE.directoryOffset - 3),
  'cut in a header': cut((WHOLE.offsets[4] ?? 0) + 20),
  'cut in noise': cut(middle(1) + 1000),
  'cut at once': cut(10),
  'with a bit flipped in stored data': flipped(middle(1) + 500),
  'with a bit flipped in packed data, and no directory': flipped(middle(4) + 500).subarray(
    0,
    WHOLE.directoryOffset,
  ),
  'with a broken signature, and no directory': flipped(WHOLE.offsets[2] ?? 0).subarray(
    0,
    WHOLE.directoryOffset,
  ),
  'with a broken name': flipped((WHOLE.offsets[1] ?? 0) + 36).subarray(0, WHOLE.directoryOffset),
  'with a broken size, and no directory': flipped((WHOLE.offsets[0] ?? 0) + 19).subarray(
    0,
    WHOLE.directoryOffset,
  ),
  'with a broken directory': flipped(WHOLE.directoryOffset, WHOLE.directoryOffset + 300),
  'that ends in zeros': Buffer.concat([cut(WHOLE.directoryOffset), Buffer.alloc(4096)]),
  'that begins in the middle': WHOLE.bytes.subarray((WHOLE.offsets[1] ?? 0) + 40, WHOLE.directoryOffset),
};

/** Names with the hash of the content that belongs to each. */
const RIGHT = new Map(MEMBERS.map(({ facts }) => [facts.name, facts.sha256.toString('hex')]));

async function oursOf(context: TestContext, path: string, bytes: Buffer): Promise<Set<string>> {
  const { fd, sizeBytes } = opened(context, path, bytes);
  const names = new Set<string>();
  for await (const one of readStaged(fd, sizeBytes, RANDOM)) {
    if ('damage' in one) continue;
    const { name } = one.member;
    assert.equal((await contentHash(fd, one.member)).toString('hex'), RIGHT.get(name), name);
    assert.ok(!names.has(name), `${name} twice`);
    names.add(name);
  }
  return names;
}

/** Those that it has kept with their name and content. */
async function theirsOf(context: TestContext, path: string): Promise<Set<string>> {
  const fixed = `${path}.fixed.zip`;
  run('zip', ['-FF', path, '--out', fixed]);
  if (!existsSync(fixed)) return new Set();
  const { fd, sizeBytes } = opened(context, `${fixed}.copy`, readFileSync(fixed));
  const names = new Set<string>();
  try {
    for (const entry of readDirectory(fd, readDirectoryEnd(fd, sizeBytes))) {
      const hash = await contentHash(fd, { ...entry, dataOffset: dataOffsetOf(fd, entry) }).catch(
        () => undefined,
      );
      if (hash?.toString('hex') === RIGHT.get(entry.name)) names.add(entry.name);
    }
  } catch (error) {
    if (!(error instanceof ZipFault)) throw error;
  }
  return names;
}

let kept = 0;
for (const [name, bytes] of Object.entries(BROKEN)) {
  test(`a staging archive ${name} keeps all that zip -FF keeps, and nothing wrong`, {
    skip: missing('zip', '-v'),
  }, async (context) => {
    const path = join(tempDir(context), 'broken.zip');
    const ours = await oursOf(context, path, bytes);
    const theirs = await theirsOf(context, path);
    kept += theirs.size;
    for (const member of theirs) assert.ok(ours.has(member), `${member} was kept by zip -FF`);
  });
}

test('zip -FF kept something to compare with', { skip: missing('zip', '-v') }, () =>
  assert.ok(kept > 20, `${kept}`),
);
