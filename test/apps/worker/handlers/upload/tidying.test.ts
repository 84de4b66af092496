import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeBuckets } from '../../../../support/object-store/fake-bucket.ts';
import { UploadHand } from '../../../../support/uploads-hand.ts';

const DAY_MS = 86_400_000;

test('a content that was replaced is forgotten after the days that were asked for, and no sooner', async (t) => {
  const server = await startFakeBuckets(t);
  const hand = new UploadHand(t, { urls: { lab: server.url }, keepRecordsDays: 7 });
  for (const content of ['first', 'second']) {
    hand.drop('a.csv', { content });
    await hand.step();
  }
  const ids = () => hand.state.prepare<[], number>('SELECT id FROM file_records').pluck().all();
  hand.clock.forward(6 * DAY_MS);
  hand.handler.tidy?.();
  assert.deepEqual(ids(), [1, 2]);
  hand.clock.forward(2 * DAY_MS);
  hand.handler.tidy?.();
  assert.deepEqual(ids(), [2]);
  assert.equal(hand.log.find(({ event }) => event === 'records.removed')?.records, 1);
});
