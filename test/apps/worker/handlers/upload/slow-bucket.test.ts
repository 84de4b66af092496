import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startFakeBuckets } from '../../../../support/object-store/fake-bucket.ts';
import { UploadHand } from '../../../../support/uploads-hand.ts';

/** Profile `lab` answers, and the server of profile `slow` hears questions and does not. */
async function makeServers(t: TestContext) {
  const [lab, slow] = [await startFakeBuckets(t), await startFakeBuckets(t)];
  const answer = slow.hang();
  const hand = new UploadHand(t, { urls: { lab: lab.url, slow: slow.url }, patienceMs: 50 });
  return { lab, slow, answer, hand };
}

test('a bucket whose server hangs holds up no file of another, and its own go on when it answers', async (t) => {
  const { lab, slow, answer, hand } = await makeServers(t);
  for (const key of ['a', 'b']) {
    hand.drop(key, { profile: 'slow' });
    hand.drop(key);
  }
  assert.equal(await hand.step(), 4);
  // On a machine that is slow itself the other one's answer may come later too.
  for (; lab.objects.size < 2; await turn()) await hand.step();
  assert.deepEqual([...lab.objects.keys()].toSorted(), ['buck/a', 'buck/b']);
  const waiting = hand.jobs();
  assert.deepEqual(
    waiting.map(({ state }) => state),
    ['delayed', 'delayed'],
  );
  assert.match(
    String(waiting[0]?.reason),
    /whether there is a bucket buck at profile slow: its server is slow/,
  );
  assert.equal(hand.handler.drain?.(), true, 'a run that ends when all is done waits for the answer');

  hand.drop('c', { profile: 'slow' });
  await hand.step();
  assert.equal(slow.asked.length, 1, 'the one who asks asks for the next batch too');

  answer();
  while (hand.handler.drain?.()) await turn();
  assert.equal(await hand.step(), 3);
  assert.deepEqual([...slow.objects.keys()].toSorted(), ['buck/a', 'buck/b', 'buck/c']);
  assert.deepEqual(hand.jobs(), []);
});

test('an answer that comes in time puts nothing back', async (t) => {
  const { slow, answer, hand } = await makeServers(t);
  const waits = new UploadHand(t, { urls: { slow: slow.url }, patienceMs: 60_000 });
  waits.drop('a', { profile: 'slow' });
  const step = waits.step();
  while (slow.asked.length === 0) await turn();
  answer();
  await step;
  assert.deepEqual(waits.jobs(), []);
  assert.equal(hand.handler.drain?.(), false);
});

test('files are given back at an ordered stop while a server is asked', async (t) => {
  const { slow, hand } = await makeServers(t);
  hand.drop('a', { profile: 'slow' });
  const step = hand.step();
  while (slow.asked.length === 0) await turn();
  hand.stop.abort();
  await step;
  const [job] = hand.jobs();
  assert.deepEqual([job?.state, job?.reason], ['ready', null]);
  while (hand.handler.drain?.()) await turn();
});
