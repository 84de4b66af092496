import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Custody } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

/** All that was moved and written; a copy that has no name yet is its holder's own, and goes with it. */
const disk = (custody: Custody) => ({
  left: custody.left(),
  stored: custody.stored().filter((name) => !name.endsWith('.tmp')),
  lines: custody.lines(),
});

/** Each step between two system calls that change something, by rename and by copy. */
const MOVING = [
  'ingest.claimed',
  'ingest.read',
  'ingest.decided',
  'place.data-durable',
  'place.renamed',
  'place.directories-durable',
] as const;
const COPYING = ['copy.temporary-durable', 'copy.renamed', 'copy.stepped-aside', 'copy.unlinked'] as const;
type Point = (typeof MOVING)[number] | (typeof COPYING)[number];

async function assertNothingAfterLoss(custody: Custody, point: Point): Promise<void> {
  const path = custody.offer('a', 'content');
  let before: ReturnType<typeof disk> | undefined;
  custody.hand.at(point, () => {
    custody.anotherHand('thief').takeLeasesOfOthers();
    before = disk(custody);
  });
  await custody.hand.step();
  assert.deepEqual(disk(custody), before);
  assert.deepEqual(
    custody.records.jobs().map((job) => [job.path, job.state]),
    [[path, 'ready']],
    'the job is as the one who took it left it',
  );
  assert.deepEqual(custody.hand.said('file.ingested'), []);

  await custody.recover();
  assert.deepEqual(custody.left(), []);
  await custody.assertSound(['content']);
}

for (const point of MOVING) {
  test(`a holder whose lease is taken away at ${point} touches nothing more, and the next one commits once`, async (t) => {
    await assertNothingAfterLoss(new Custody(t), point);
  });
}

for (const point of COPYING) {
  test(
    `a holder whose lease is taken away at ${point} touches nothing more, and the next one commits once`,
    acrossFileSystems,
    async (t) => {
      await assertNothingAfterLoss(custodyAcross(t), point);
    },
  );
}

async function assertNothingAfterSleep(custody: Custody, point: Point): Promise<void> {
  custody.offer('a', 'content');
  let before: ReturnType<typeof disk> | undefined;
  custody.hand.at(point, () => {
    // The database still believes in the lease; its holder may not.
    custody.hand.clock.forward(29_000);
    before = disk(custody);
  });
  await custody.hand.step();
  assert.deepEqual(disk(custody), before);
  assert.equal(custody.hand.said('lease.lost').length, 1);
  await custody.recover();
  await custody.assertSound(['content']);
}

for (const point of ['ingest.decided', 'place.data-durable'] as const) {
  test(`a holder that wakes at ${point} after most of its lease moves nothing`, async (t) => {
    await assertNothingAfterSleep(new Custody(t), point);
  });
}

for (const point of ['copy.temporary-durable', 'copy.renamed', 'copy.stepped-aside'] as const) {
  test(
    `a holder that wakes at ${point} after most of its lease moves and removes nothing`,
    acrossFileSystems,
    async (t) => {
      await assertNothingAfterSleep(custodyAcross(t), point);
    },
  );
}

test('a lease that others hold to be over, the wall clock having been set, is over for its holder too', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  const rival = custody.anotherHand();
  custody.hand.at('ingest.decided', () => {
    rival.clock.set(60_000);
    rival.takeLeasesOfOthers();
  });
  await custody.hand.step();
  assert.deepEqual(custody.stored(), []);
  await rival.run();
  await custody.assertSound(['content']);
});

test('a batch whose lease is lost halfway loses nothing of what was moved', async (t) => {
  const custody = new Custody(t);
  const contents = new Map(Array.from({ length: 9 }, (_, n) => [`f${n}`, `content ${n}`]));
  custody.offerAll(contents);
  custody.hand.at('place.renamed', () => custody.anotherHand('thief').takeLeasesOfOthers());
  await custody.hand.step();
  assert.equal(custody.stored().length, 1, 'the first was moved, the others were not');
  await custody.recover();
  await custody.assertSound([...contents.values()]);
});
