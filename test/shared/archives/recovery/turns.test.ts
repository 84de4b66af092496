import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readStaged } from '../../../../shared/archives/recovery/read-staged.ts';
import { encodeLocalHeader } from '../../../../shared/archives/zip/local-header.ts';
import { contentHash, readMember } from '../../../../shared/archives/zip/read-member.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, memberOf, opened, RANDOM } from '../zip/build-zip.ts';

/** How often others had their turn while `work` was done. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let [turns, isDone] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isDone = true;
  return turns;
}

async function read(context: TestContext, bytes: Buffer, isClosed = false) {
  const { fd, sizeBytes } = opened(context, join(tempDir(context), 'staged'), bytes);
  let [members, damages] = [0, 0];
  const turns = await turnsOf(async () => {
    for await (const found of readStaged(fd, sizeBytes, RANDOM, { isClosed }))
      if ('member' in found) members += 1;
      else damages += 1;
  });
  return { turns, members, damages };
}

const LARGE = memberOf('a.zip/large', Buffer.alloc(8 * 1024 ** 2, 'abc'), { store: true });
const ZEROS = Buffer.alloc(8 * 1024 ** 2);

test('others get their turn while the bytes of a large stored member are read', async (context) => {
  const { fd } = opened(context, join(tempDir(context), 'm'), LARGE.packed);
  const data = { ...LARGE.facts, dataOffset: 0 };
  assert.ok((await turnsOf(() => contentHash(fd, data))) >= 16);
  const reading = async (): Promise<void> => {
    for await (const piece of readMember(fd, data)) assert.ok(piece.length > 0);
  };
  assert.ok((await turnsOf(reading)) >= 16);
});

test('others get their turn while zeros are looked through, and what has no header', async (context) => {
  const small = buildZip([memberOf('a.zip/small', 'small')], '', RANDOM);
  const member = small.bytes.subarray(0, small.directoryOffset);
  const zeros = await read(context, Buffer.concat([member, ZEROS]));
  assert.deepEqual([zeros.members, zeros.damages], [1, 0]);
  assert.ok(zeros.turns >= 16, `${zeros.turns} among zeros`);
  const noise = await read(context, Buffer.concat([Buffer.alloc(8 * 1024 ** 2, 'noise'), member]));
  assert.deepEqual([noise.members, noise.damages], [1, 1]);
  assert.ok(noise.turns >= 16, `${noise.turns} among noise`);
});

test('others get their turn while a long directory is judged', async (context) => {
  const members = Array.from({ length: 4096 }, (_, index) => memberOf(`a.zip/${index}`, '', { store: true }));
  const { bytes, directoryOffset } = buildZip(members, '', RANDOM);
  const closed = await read(context, bytes, true);
  assert.deepEqual([closed.members, closed.damages], [4096, 0]);
  assert.ok(closed.turns >= 8, `${closed.turns} in a whole one`);
  const half = await read(context, bytes.subarray(0, directoryOffset + (bytes.length - directoryOffset) / 2));
  assert.deepEqual([half.members, half.damages], [4096, 0]);
  assert.ok(half.turns >= 4, `${half.turns} in half a one`);
});

test('a file that says again and again that all the rest is one member is given up, not read as often', async (context) => {
  const { facts } = memberOf('a.zip/liar', '', { store: true });
  const header = (packedBytes: number) =>
    encodeLocalHeader({ ...facts, crc32: 1, sizeBytes: packedBytes, packedBytes }, RANDOM);
  const count = 3000;
  const bytes = header(0).length;
  const headers = Array.from({ length: count }, (_, index) => header((count - 1 - index) * bytes));
  const before = process.cpuUsage();
  const first = buildZip([memberOf('a.zip/first', 'first')], '', RANDOM);
  const all = Buffer.concat([first.bytes.subarray(0, first.directoryOffset), ...headers]);
  const found = await read(context, all);
  const { user } = process.cpuUsage(before);
  assert.deepEqual([found.members, found.damages], [1, 3]);
  assert.ok(user < 1_000_000, `${user} µs`);
});

test('a file of which every member is spoiled is searched to its end', async (context) => {
  const members = Array.from({ length: 300 }, (_, index) => memberOf(`a.zip/${index}`, `content ${index}`));
  const { bytes, offsets, directoryOffset } = buildZip(members, '', RANDOM);
  for (const [index, { packed }] of members.slice(0, -1).entries()) {
    const at = (offsets[index + 1] ?? 0) - Math.ceil(packed.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  }
  const { members: whole, damages } = await read(context, bytes.subarray(0, directoryOffset));
  assert.deepEqual([whole, damages], [1, 299]);
});
