import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../../../shared/fs/byte-path.ts';
import { Custody } from '../../../../support/custody.ts';

test('a clock that is set back does not make a place refuse for longer', async (t) => {
  const custody = new Custody(t);
  const mark = custody.at('.wharfinger', custody.warehouse);
  custody.offer('before', 'before');
  await custody.hand.step();
  rmSync(toBytes(mark));
  custody.offer('a', 'content');
  await custody.hand.step();

  writeFileSync(toBytes(mark), '');
  custody.hand.clock.forward(2_000);
  custody.hand.clock.set(-3_600_000);
  custody.hand.state.prepare("UPDATE jobs SET state = 'ready'").run();
  await custody.hand.step();
  await custody.assertSound(['before', 'content']);
});

test('a place that refuses is asked less and less often', async (t) => {
  const custody = new Custody(t);
  const { hand } = custody;
  custody.offer('before', 'before');
  await hand.step();
  rmSync(toBytes(custody.at('.wharfinger', custody.warehouse)));
  custody.offer('a', 'content');
  const waitsMs: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const nowMs = hand.clock.nowMs();
    await hand.step();
    const waitMs = (custody.records.jobs()[0]?.runAtMs ?? 0) - nowMs;
    waitsMs.push(Math.round(waitMs / 500) * 500);
    hand.clock.forward(waitMs + 100);
  }
  assert.deepEqual(waitsMs, [1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500]);
});
