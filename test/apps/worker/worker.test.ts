import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Custody } from '../../support/custody.ts';

test('a worker that drains finishes at once where there is nothing to do', async (t) => {
  const custody = new Custody(t);
  await custody.hand.run();
  assert.deepEqual(
    custody.hand.log.map(({ event }) => event),
    ['worker.started'],
  );
});

test('a worker that runs takes what others enqueue, without being told', async (t) => {
  const custody = new Custody(t);
  const hand = custody.anotherHand();
  const taken = Promise.withResolvers<void>();
  hand.at('commit.committed', taken.resolve);
  const worker = hand.start();
  custody.offer('a', 'content');
  await taken.promise;
  hand.stop.abort();
  await worker.finished;
  await custody.assertSound(['content']);
});

test('a worker that is stopped twice, or before it began, finishes', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  custody.hand.stop.abort();
  const worker = custody.hand.start();
  custody.hand.stop.abort();
  await worker.finished;
  assert.equal(custody.records.jobs()[0]?.state, 'ready');
});

test('a worker that drains leaves what is due later, and waits for what is due in a moment', async (t) => {
  const custody = new Custody(t);
  custody.offer('later', 'later');
  custody.offer('soon', 'soon');
  const delay = custody.hand.state.prepare("UPDATE jobs SET state = 'delayed', run_at_ms = ? WHERE id = ?");
  delay.run(Date.now() + 60_000, 1);
  delay.run(Date.now() + 150, 2);
  await custody.hand.run();
  assert.deepEqual(
    custody.records.jobs().map((job) => job.state),
    ['delayed'],
  );
  await custody.assertSound(['soon']);
});

test('a worker takes over from one that has gone silent, and says so', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  custody.hand.state.prepare('UPDATE leases SET expires_ms = 1').run();
  const next = custody.anotherHand();
  await next.run();
  const [said] = next.said('lease.reclaimed');
  assert.deepEqual([said?.owner, said?.jobs], ['worker-1', 1]);
  await custody.assertSound(['content']);
});

test('workers that share a state file take each file once', async (t) => {
  const custody = new Custody(t);
  const contents = new Map(Array.from({ length: 1500 }, (_, n) => [`f${n}`, `content ${n % 1400}`]));
  custody.offerAll(contents);
  const hands = [custody.hand, custody.anotherHand('worker-2'), custody.anotherHand('worker-3')];
  await Promise.all(hands.map(async (hand) => await hand.run()));
  assert.deepEqual(custody.left(), []);
  assert.equal(custody.records.duplicates().length, 100);
  await custody.assertSound([...new Set(contents.values())]);
});
