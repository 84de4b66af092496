import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Custody } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

const attempts = (custody: Custody) => custody.records.jobs().map((job) => [job.state, job.attempts]);

test('at an ordered stop what was not read yet is given back, with no attempt charged', async (t) => {
  const custody = new Custody(t);
  for (const name of ['a', 'b']) custody.offer(name, name);
  custody.hand.at('ingest.claimed', () => custody.hand.stop.abort());
  await custody.hand.step();
  assert.deepEqual(attempts(custody), [
    ['ready', 0],
    ['ready', 0],
  ]);
  assert.deepEqual([custody.left(), custody.records.ledger()], [['a', 'b'], []]);
  await custody.recover();
  await custody.assertSound(['a', 'b']);
});

test(
  'at an ordered stop a copy in hand is given up without a trace, and made again by the next',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    custody.offer('a', 'content');
    custody.hand.at('place.data-durable', () => custody.hand.stop.abort());
    await custody.hand.step();
    assert.deepEqual(attempts(custody), [['ready', 0]]);
    assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
    await custody.recover();
    await custody.assertSound(['content']);
  },
);

test('at an ordered stop what has been moved is committed', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  custody.hand.at('place.renamed', () => custody.hand.stop.abort());
  await custody.hand.step();
  await custody.assertSound(['content']);
});

test('a large file whose hashing a stop interrupts is given back uncharged', async (t) => {
  const custody = new Custody(t);
  custody.offer('large', Buffer.alloc(2_000_000, 'x'));
  custody.hand.at('ingest.claimed', () => setImmediate(() => custody.hand.stop.abort()));
  await custody.hand.step('alone');
  assert.deepEqual(attempts(custody), [['ready', 0]]);
  assert.deepEqual(custody.records.ledger(), []);
});

test('a worker that is stopped has ended its leases, and claims nothing more', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  const worker = custody.hand.start();
  custody.hand.at('ingest.claimed', () => custody.hand.stop.abort());
  await worker.finished;
  assert.deepEqual(attempts(custody), [['ready', 0]]);
  assert.deepEqual(custody.hand.state.prepare('SELECT * FROM leases').all(), []);
});

test('a stop is heard, and the lease renewed, between the files of a batch that takes long', async (t) => {
  const custody = new Custody(t);
  const contents = new Map(Array.from({ length: 400 }, (_, n) => [`f${n}`, 'x'.repeat(200_000) + n]));
  custody.offerAll(contents);
  custody.hand.at('ingest.claimed', () => setImmediate(() => custody.hand.stop.abort()));
  await custody.hand.step();
  const ready = custody.records.jobs().filter((job) => job.state === 'ready').length;
  assert.ok(ready > 0, 'the stop came in between');
  assert.ok(custody.records.jobs().every((job) => job.attempts === 0));
});
