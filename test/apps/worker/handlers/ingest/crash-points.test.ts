import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CrashPoint } from '../../../../../shared/crash-points.ts';
import { Custody, type CustodyOptions } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

/** Every point of a batch that moves by rename, in their order. */
const EVERY: readonly CrashPoint[] = [
  'ingest.claimed',
  'ingest.read',
  'ingest.decided',
  'place.data-durable',
  'place.directories-durable',
  'commit.lines-written',
  'commit.lines-durable',
  'commit.before-transaction-ends',
  'commit.committed',
];
const RENAMED: readonly CrashPoint[] = ['place.renamed'];
const COPIED: readonly CrashPoint[] = [
  'copy.temporary-created',
  'copy.temporary-durable',
  'copy.renamed',
  'copy.stepped-aside',
  'copy.unlinked',
];

const CONTENTS = new Map(['a', 'b', 'sub/c'].map((name) => [name, `content of ${name}`]));

for (const [how, make, points, options] of [
  ['moves by rename', (t: TestContext) => new Custody(t), [...EVERY, ...RENAMED], {}],
  ['copies', custodyAcross, [...EVERY, ...COPIED], acrossFileSystems],
] as const) {
  for (const point of points) {
    test(`a batch that ${how} and dies at ${point} lands once`, options, async (t) => {
      const custody = make(t);
      custody.offerAll(CONTENTS);
      await custody.hand.dieAt(point);
      await custody.recover();
      assert.deepEqual(custody.left(), []);
      assert.deepEqual(custody.records.jobs(), []);
      await custody.assertSound([...CONTENTS.values()]);
    });
  }
}

/** What dies again, at the same point, when it is recovered. */
for (const [point, make, options] of [
  ['ingest.claimed', (t: TestContext) => new Custody(t), {}],
  ['place.renamed', (t: TestContext) => new Custody(t), {}],
  ['commit.lines-written', (t: TestContext) => new Custody(t), {}],
  ['copy.renamed', custodyAcross, acrossFileSystems],
  ['copy.stepped-aside', custodyAcross, acrossFileSystems],
] as const) {
  test(`what dies at ${point}, and after that at every commit, lands once`, options, async (t) => {
    const custody = make(t);
    custody.offer('a', 'content');
    await custody.hand.dieAt(point);
    for (const again of ['place.directories-durable', 'commit.before-transaction-ends'] as const) {
      const next = custody.anotherHand();
      next.takeLeasesOfOthers();
      await next.dieAt(again, 'suspect');
    }
    custody.hand.state.prepare('UPDATE jobs SET attempts = 1').run();
    await custody.recover();
    assert.deepEqual(custody.left(), []);
    await custody.assertSound(['content']);
  });
}

const DUPLICATES: [CustodyOptions['onDuplicate'], readonly CrashPoint[], readonly CrashPoint[]][] = [
  [
    'move',
    ['ingest.decided', 'place.renamed', 'place.directories-durable', 'commit.before-transaction-ends'],
    COPIED,
  ],
  ['delete', ['ingest.decided', 'copy.stepped-aside', 'copy.unlinked', 'commit.before-transaction-ends'], []],
  ['leave', ['ingest.decided', 'commit.before-transaction-ends'], []],
];

for (const [onDuplicate, here, across] of DUPLICATES) {
  const dies = async (custody: Custody, point: CrashPoint) => {
    custody.saveRoute({ onDuplicate: onDuplicate ?? 'move' });
    custody.offer('a', 'same');
    await custody.hand.step();
    custody.offer('b', 'same');
    await custody.hand.dieAt(point);
    await custody.recover();
    const [row] = custody.records.duplicates();
    assert.deepEqual([row?.action, row?.state], [onDuplicate, 'settled']);
    assert.deepEqual(custody.left(), onDuplicate === 'leave' ? ['b'] : []);
    assert.deepEqual(custody.stored(), onDuplicate === 'move' ? ['_duplicates/b', 'a'] : ['a']);
    await custody.assertSound(['same']);
  };
  for (const point of here) {
    test(`a duplicate to ${onDuplicate} that dies at ${point} is settled once`, async (t) =>
      await dies(new Custody(t), point));
  }
  for (const point of across) {
    test(
      `a duplicate to ${onDuplicate} across file systems that dies at ${point} is settled once`,
      acrossFileSystems,
      async (t) => await dies(custodyAcross(t), point),
    );
  }
}

test('a file that dies between its second name and the move lands once, under that name', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'one');
  await custody.hand.step();
  custody.offer('a', 'two');
  await custody.hand.dieAt('place.destination-moved');
  await custody.recover();
  assert.equal(custody.stored().length, 2);
  await custody.assertSound(['one', 'two']);
});
