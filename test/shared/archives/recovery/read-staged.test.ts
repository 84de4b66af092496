import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { StagedMember } from '../../../../shared/archives/contract.ts';
import { readStaged, type StagedDamage } from '../../../../shared/archives/recovery/read-staged.ts';
import { encodeLocalHeader } from '../../../../shared/archives/zip/local-header.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, type Member, memberOf, RANDOM } from '../zip/build-zip.ts';

/** A file whose bytes change from one try to the next. */
function scratch(context: TestContext): (bytes: Buffer) => { fd: number; sizeBytes: number } {
  const fd = openSync(join(tempDir(context), 'staged'), 'w+');
  context.after(() => closeSync(fd));
  return (bytes) => {
    ftruncateSync(fd, 0);
    writeSync(fd, bytes, 0, bytes.length, 0);
    return { fd, sizeBytes: bytes.length };
  };
}

async function staged(
  { fd, sizeBytes }: { fd: number; sizeBytes: number },
  { random = RANDOM, isClosed = false }: { random?: string; isClosed?: boolean } = {},
) {
  const members: StagedMember[] = [];
  const damages: StagedDamage[] = [];
  for await (const one of readStaged(fd, sizeBytes, random, { isClosed }))
    if ('member' in one) members.push(one.member);
    else damages.push(one.damage);
  return { members, damages };
}

const named = (members: readonly { name: string }[]): string[] => members.map(({ name }) => name);

const CLOSED = { isClosed: true };

const OTHER_RANDOM = 'fedcba9876543210';
const NESTED = buildZip(
  [memberOf('x.zip/never', 'never'), memberOf('x.zip/too', 'no')],
  '',
  OTHER_RANDOM,
).bytes;
const PLAIN = buildZip([memberOf('x.zip/never', 'never')]).bytes;

const MEMBERS = [
  memberOf('a.zip/one', 'hello'),
  memberOf('d/a.zip/ü/nested.zip', NESTED, { store: true, mode: 0o100755, mtimeMs: -12_345_678_901 }),
  memberOf('a.zip/empty', '', { store: true }),
  memberOf('a.zip/plain', PLAIN, { store: true, mtimeMs: 2 ** 43 }),
  memberOf('b.ZIP/last', Buffer.alloc(300, 'abc')),
];
const WHOLE = buildZip(MEMBERS, '', RANDOM);
const ends = [...WHOLE.offsets.slice(1), WHOLE.directoryOffset];

test('all members of a closed staging archive are given with what was written of them', async (context) => {
  const { members, damages } = await staged(scratch(context)(WHOLE.bytes), CLOSED);
  assert.deepEqual(damages, []);
  for (const [index, { facts, packed }] of MEMBERS.entries()) {
    const { to, dataOffset, ...found } = members[index] ?? assert.fail();
    assert.deepEqual(found, facts);
    assert.equal(`${to.archive}/${to.member}`, facts.name);
    assert.ok(WHOLE.bytes.subarray(dataOffset, dataOffset + packed.length).equals(packed));
  }
  assert.equal(members.length, MEMBERS.length);
});

test('of a file that is cut at any byte all members before are given, the same, and the one that was cut is named', async (context) => {
  const file = scratch(context);
  const all = (await staged(file(WHOLE.bytes))).members;
  for (let size = 0; size <= WHOLE.bytes.length; size += 1) {
    for (const zeros of [0, 5]) {
      const bytes = Buffer.concat([WHOLE.bytes.subarray(0, size), Buffer.alloc(zeros)]);
      const { members, damages } = await staged(file(bytes));
      const whole = ends.filter((end) => end <= size).length;
      // Zeros that stand for bytes that were zeros anyway make up for the cut.
      const lenient = members.length > whole ? ends.filter((end) => end <= size + zeros).length : whole;
      assert.deepEqual(members, all.slice(0, lenient), `cut at ${size}`);
      const restBytes = size - (ends[whole - 1] ?? 0);
      if (size >= WHOLE.directoryOffset + 3 || restBytes === 0)
        assert.deepEqual(damages, [], `cut at ${size}`);
      else if (members.length === whole && size < WHOLE.directoryOffset)
        assert.equal(damages.length, 1, `cut at ${size}`);
      const name = MEMBERS[whole]?.facts.name;
      if (zeros === 0 && name !== undefined && restBytes >= 30 + Buffer.byteLength(name))
        assert.equal(damages[0]?.name, name);
    }
  }
});

test('bytes that are flipped anywhere cost the members that they hit and no other, and nothing wrong is given', async (context) => {
  const file = scratch(context);
  const all = (await staged(file(WHOLE.bytes))).members;
  const flips = fc.array(fc.tuple(fc.nat(WHOLE.bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(flips, async (hits) => {
      const bytes = Buffer.from(WHOLE.bytes);
      for (const [at, mask] of hits) bytes[at] = (bytes[at] ?? 0) ^ mask;
      const isHit = (index: number) =>
        hits.some(
          ([at]) =>
            at >= (WHOLE.offsets[index] ?? 0) && at < (ends[index] ?? 0) && bytes[at] !== WHOLE.bytes[at],
        );
      const { members, damages } = await staged(file(bytes));
      for (const member of members)
        assert.deepEqual(
          member,
          all.find(({ name }) => name === member.name),
        );
      for (const [index, member] of all.entries())
        if (!isHit(index)) assert.ok(named(members).includes(member.name), `${member.name} is missing`);
      assert.equal(new Set(named(members)).size, members.length);
      const lost = all.length - members.length;
      if (lost > 0) assert.ok(damages.length > 0, 'nothing was said of what is missing');
    }),
    { numRuns: 300 },
  );
});

test('one byte flipped anywhere costs one member at most', async (context) => {
  const file = scratch(context);
  for (let at = 0; at < WHOLE.bytes.length; at += 1) {
    const bytes = Buffer.from(WHOLE.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    for (const isClosed of [false, true]) {
      const { members, damages } = await staged(file(bytes), { isClosed });
      assert.ok(members.length >= MEMBERS.length - 1, `at ${at}`);
      assert.ok(members.length === MEMBERS.length || damages.length === 1, `at ${at}`);
    }
  }
});

test('a member of a closed archive is found by its directory where its local header is spoiled', async (context) => {
  const bytes = Buffer.from(WHOLE.bytes);
  bytes.fill(0xff, WHOLE.offsets[1], (WHOLE.offsets[1] ?? 0) + 30);
  const { members, damages } = await staged(scratch(context)(bytes), CLOSED);
  assert.deepEqual([named(members), damages], [named(MEMBERS.map(({ facts }) => facts)), []]);
});

test('damage names the member, and says how much of it there is', async (context) => {
  const file = scratch(context);
  const bytes = Buffer.from(WHOLE.bytes);
  const at = (ends[4] ?? 0) - 2;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const offset = WHOLE.offsets[4] ?? 0;
  const name = 'b.ZIP/last';
  const { damages } = await staged(file(bytes), CLOSED);
  assert.deepEqual(
    damages.map(({ detail, ...rest }) => rest),
    [{ offset, bytes: WHOLE.directoryOffset - offset, name }],
  );
  const cut = await staged(file(WHOLE.bytes.subarray(0, at)));
  assert.deepEqual(cut.damages[0], { offset, bytes: at - offset, name, detail: cut.damages[0]?.detail });
  assert.match(cut.damages[0]?.detail ?? '', /^was cut: \d+ of \d+ bytes are there$/);
});

test('a member whose header is still zeros is damage, and a member behind it is found', async (context) => {
  const file = scratch(context);
  const body = WHOLE.bytes.subarray(0, WHOLE.directoryOffset);
  const reserved = Buffer.concat([Buffer.alloc(120), Buffer.alloc(5000, 'data')]);
  const atEnd = await staged(file(Buffer.concat([body, reserved])));
  assert.deepEqual(
    [atEnd.members.length, atEnd.damages],
    [
      MEMBERS.length,
      [
        {
          ...{ offset: body.length, bytes: reserved.length, name: undefined },
          detail: 'was not written to its end: it has no header yet',
        },
      ],
    ],
  );
  const between = await staged(file(Buffer.concat([reserved, body])));
  assert.deepEqual([between.members.length, between.damages.length], [MEMBERS.length, 1]);
});

test('only headers with the random part of the name count, and with it those of no other archive', async (context) => {
  const file = scratch(context);
  const other = await staged(file(WHOLE.bytes.subarray(0, WHOLE.directoryOffset)), {
    random: OTHER_RANDOM,
  });
  // Everything is damage then, and what is nested in it is that archive's own.
  assert.deepEqual(named(other.members), ['x.zip/never', 'x.zip/too']);
  const plain = await staged(file(PLAIN), { random: OTHER_RANDOM });
  assert.deepEqual(plain.members, []);
  assert.equal(plain.damages.length, 1);
});

test('a name that leads outside is damage, by directory and by header', async (context) => {
  const file = scratch(context);
  for (const name of ['a.zip/../x', '/a.zip/x', 'a.zip', 'inbox/a.zip/x']) {
    const { bytes, directoryOffset } = buildZip([memberOf(name, 'x'), memberOf('a.zip/x', 'x')], '', RANDOM);
    for (const size of [bytes.length, directoryOffset]) {
      const isClosed = size === bytes.length;
      const { members, damages } = await staged(file(bytes.subarray(0, size)), { isClosed });
      assert.deepEqual([named(members), damages.map((damage) => damage.name)], [['a.zip/x'], [name]]);
    }
  }
});

test('a header that says that its data is longer than the file hides nothing behind it', async (context) => {
  const { facts } = memberOf('a.zip/huge', 'x', { store: true });
  const huge = encodeLocalHeader({ ...facts, sizeBytes: 2 ** 40, packedBytes: 2 ** 40 }, RANDOM);
  const bytes = Buffer.concat([huge, WHOLE.bytes.subarray(0, WHOLE.directoryOffset)]);
  const { members, damages } = await staged(scratch(context)(bytes));
  assert.deepEqual([members.length, named(damages as { name: string }[])], [MEMBERS.length, ['a.zip/huge']]);
});

test('data full of signatures is searched in time that grows with its length alone', async (context) => {
  const noise = Buffer.alloc(4_000_000, Buffer.from('PK\x03\x04PK\x03\x04xx'));
  const large: Member = memberOf('a.zip/after', 'after');
  const bytes = Buffer.concat([noise, encodeLocalHeader(large.facts, RANDOM), large.packed]);
  const before = process.cpuUsage();
  const { members, damages } = await staged(scratch(context)(bytes));
  const { user } = process.cpuUsage(before);
  assert.deepEqual([named(members), damages.length], [['a.zip/after'], 1]);
  assert.ok(user < 10_000_000, `${user} µs`);
});
