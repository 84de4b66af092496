import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CrashPoint } from '../../../../../shared/crash-points.ts';
import { retryAll } from '../../../../../shared/queue/inspect/retry.ts';
import { startFakeBuckets } from '../../../../support/object-store/fake-bucket.ts';
import { type HandOptions, UploadHand } from '../../../../support/uploads-hand.ts';

const REASON = 'its worker went silent, at attempt 5';

/** A file that kills each worker, the first at `point`, until its job has failed. */
async function killAgainAndAgain(hand: UploadHand, point: CrashPoint): Promise<void> {
  assert.equal(await hand.dieAt(point), 0);
  const failed: number[] = [];
  for (let death = 1; death <= 5; death += 1) failed.push(await hand.dieAt('upload.claimed', 'suspect'));
  assert.deepEqual(failed, [0, 0, 0, 0, 1]);
}

async function makeHand(t: TestContext, options: HandOptions = {}) {
  const server = await startFakeBuckets(t);
  return { server, hand: new UploadHand(t, { urls: { lab: server.url }, ...options }) };
}

for (const point of ['upload.recorded', 'upload.moved-in', 'upload.sent'] as const)
  test(`a file whose worker dies at ${point} again and again ends in failed, with that reason`, async (t) => {
    const { hand, server } = await makeHand(t);
    hand.drop('poison.csv');
    await killAgainAndAgain(hand, point);
    assert.equal(hand.handler.drain?.(), true, 'there is something to do');
    const before = server.asked.length;
    assert.equal(await hand.step('suspect'), 1);
    assert.equal(server.asked.length, before, 'nobody is asked about a file that only leaves');
    const [record] = hand.records();
    assert.equal(record?.current_state, 'failed');
    assert.equal(record?.upload_outcome, 'failure');
    assert.equal(record?.reason, REASON);
    const failed = hand.at('failed', 'poison.csv');
    assert.equal(readFileSync(failed, 'utf8'), 'content');
    for (const place of ['incoming', 'processing'])
      assert.ok(!existsSync(hand.at(place, 'poison.csv')), place);
    const [job] = hand.jobs();
    assert.deepEqual([job?.state, job?.key, job?.reason], ['failed', failed, REASON]);
    assert.equal(hand.handler.drain?.(), false, 'it is said once');
  });

test('such a file is sent again, as a new stay, when a person asks for it', async (t) => {
  const { hand, server } = await makeHand(t);
  hand.drop('poison.csv');
  await killAgainAndAgain(hand, 'upload.sent');
  hand.handler.drain?.();
  await hand.step('suspect');
  retryAll(hand.state, 'failed', hand.clock.nowMs());
  await hand.step('suspect');
  assert.deepEqual(
    hand.records().map(({ current_state }) => current_state),
    ['failed', 'completed'],
  );
  assert.equal(String(server.objects.get('buck/poison.csv')), 'content');
  assert.deepEqual(hand.jobs(), []);
});

test('a file that stays where it is fails with its job, and its stay ends', async (t) => {
  const to = { by: 'key', profile: 'lab', bucket: 'buck', key: '{path}' } as const;
  const { hand } = await makeHand(t, { sink: { to, after: { do: 'remove' } } });
  const path = join(hand.root, 'server/incoming/poison.csv');
  hand.put(path);
  await killAgainAndAgain(hand, 'upload.sent');
  assert.equal(hand.handler.drain?.(), false);
  const [record] = hand.records();
  assert.deepEqual(
    [record?.current_state, record?.upload_outcome, record?.reason],
    ['failed', 'failure', REASON],
  );
  assert.ok(existsSync(path));
  assert.equal(hand.jobs()[0]?.state, 'failed');
});

test('a worker that goes on without draining notices it too, some time later', async (t) => {
  const { hand } = await makeHand(t);
  hand.drop('poison.csv');
  await killAgainAndAgain(hand, 'upload.recorded');
  hand.clock.forward(60_000);
  hand.handler.tidy?.();
  assert.equal(hand.jobs()[0]?.state, 'ready');
  hand.handler.tidy?.();
  assert.equal(await hand.step('suspect'), 1);
  assert.ok(existsSync(hand.at('failed', 'poison.csv')));
});
