import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { claimWithin } from '../../../../../apps/worker/handlers/upload/handler.ts';
import { SMALL_FILE_BYTES } from '../../../../../shared/queue/lanes.ts';
import { startFakeBuckets } from '../../../../support/object-store/fake-bucket.ts';
import { UploadHand } from '../../../../support/uploads-hand.ts';

test('two claims have sixteen small files on their way together, and a large one waits for none of them', async (t) => {
  const [lab, slow] = [await startFakeBuckets(t), await startFakeBuckets(t)];
  const hand = new UploadHand(t, { urls: { lab: lab.url, slow: slow.url } });
  const answer = slow.hangObjects();
  const claims = ['a', 'b'].map((claim) => {
    for (let n = 0; n < 20; n++) hand.drop(`${claim}${n}`, { profile: 'slow' });
    return hand.claim();
  });
  const handled = claims.map((jobs) => hand.handle(jobs));
  const put = (): number => slow.asked.filter((request) => request.startsWith('PUT')).length;
  while (put() < 16) await turn();

  hand.drop('large', { content: 'x'.repeat(SMALL_FILE_BYTES + 1) });
  assert.equal(await hand.step('alone'), 1);
  assert.deepEqual([...lab.objects.keys()], ['buck/large']);
  assert.equal(put(), 16);

  answer();
  await Promise.all(handled);
  assert.equal(slow.objects.size, 40);
  assert.deepEqual(hand.jobs(), []);
});

test('the files that two claims hold open are few of those that may be open', () => {
  assert.equal(claimWithin(Number.POSITIVE_INFINITY), 256);
  assert.equal(claimWithin(4096), 128);
  assert.equal(claimWithin(1024), 32);
  assert.equal(claimWithin(20), 1);
});
