import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StagedMember } from '../../../../shared/archives/contract.ts';
import { RoundMembers } from '../../../../shared/archives/scavenger/round-members.ts';
import { memberOf } from '../zip/build-zip.ts';
import { staging } from './staging.ts';

const staged = (archive: string, member: string, facts: Partial<StagedMember> = {}): StagedMember => ({
  ...memberOf(member, `content of ${member}`).facts,
  name: `${archive}/${member}`,
  to: { archive, member },
  dataOffset: 77,
  ...facts,
});

test('each member comes out as it went in, with its staging archive, under the name in its archive', () => {
  const round = new RoundMembers();
  const [one, two] = [staging('one.zip'), staging('two.zip')];
  const members: [StagedMember, typeof one][] = [
    [staged('a.zip', 'plain'), one],
    [staged('d/b.zip', 'Grüße/日本/🚢'), one],
    [staged('a.zip', 'stored', { method: 0 }), two],
    [staged('a.zip', 'x'.repeat(4000), { mtimeMs: -1, crc32: 0xffff_ffff, mode: 0o120777 }), two],
    [
      staged('a.zip', 'huge', { sizeBytes: 2 ** 52 + 1, packedBytes: 2 ** 50 + 3, dataOffset: 2 ** 51 + 7 }),
      one,
    ],
  ];
  for (const [member, from] of members) round.add(member, from);
  assert.equal(round.length, members.length);
  const found = round.groups().flatMap(([archive, list]) =>
    Array.from({ length: list.length }, (_, index) => {
      assert.equal(list.nameOf(index), list.at(index).member.name);
      return [archive, list.at(index)] as const;
    }),
  );
  const expected = [0, 2, 3, 4, 1].map((index) => members[index] ?? assert.fail());
  assert.deepEqual(
    found.map(([archive, { member }]) => ({ archive, ...member })),
    expected.map(([{ to, name: _, ...facts }]) => ({ archive: to.archive, ...facts, name: to.member })),
  );
  for (const [index, [, from]] of expected.entries()) assert.equal(found[index]?.[1].staging, from);
});

test('many members of many archives keep their order, and what is held of them is counted', () => {
  const round = new RoundMembers();
  const from = staging();
  const sha256 = Buffer.alloc(32);
  for (let n = 0; n < 5000; n += 1) {
    const to = { archive: `${n % 7}.zip`, member: `m-${n}` };
    const facts = { method: 8, crc32: n, sizeBytes: n, packedBytes: n, mtimeMs: n, mode: 0o100644 } as const;
    round.add({ ...facts, to, name: '', sha256, dataOffset: n }, from);
  }
  const groups = round.groups();
  assert.deepEqual(
    groups.map(([archive]) => archive),
    Array.from({ length: 7 }, (_, number) => `${number}.zip`),
  );
  for (const [number, [, list]] of groups.entries())
    for (let index = 0; index < list.length; index += 1)
      assert.equal(list.nameOf(index), `m-${number + 7 * index}`);
  assert.equal(
    groups.reduce((sum, [, { length }]) => sum + length, 0),
    5000,
  );
  assert.ok(round.heldBytes > 5000 * 82 && round.heldBytes < 5000 * 100, String(round.heldBytes));
});

test('a member that is not there is no member', () => {
  const round = new RoundMembers();
  assert.deepEqual(round.groups(), []);
  round.add(staged('a.zip', 'one'), staging());
  const [[, list] = assert.fail()] = round.groups();
  assert.throws(() => list.at(1), RangeError);
});
