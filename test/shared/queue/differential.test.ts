import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { ownQueue } from '../../support/queue-holder.ts';
import { publishedStore } from '../../support/queue-published.ts';
import { AgreedSteps, type Step, StorePlayer, steps } from '../../support/queue-steps.ts';
import { answer, jsonStore } from '../../support/queue-store.ts';
import { tempDir } from '../../support/temp.ts';

/*
 * LeaseStore and better-queue-sqlite, asked the same, answer the same, but for what is by design:
 *   - a put of an id that waits keeps its age here and goes to the end there; here only ids that are not there are put;
 *   - takeLastN takes the other end of the order here, as better-queue's own memory store does; there it takes the highest
 *     priority, newest first. So priorities are drawn with takeFirstN alone;
 *   - a lock shows what was taken here, as the memory store's does, and what is left of it there; so nothing is deleted under a lock;
 *   - the tests at the end: an empty take, and whose running tasks are shown.
 */

async function compare(t: TestContext, sequences: fc.Arbitrary<Step[]>): Promise<void> {
  const { one } = ownQueue(t);
  const directory = tempDir(t);
  let files = 0;
  await fc.assert(
    fc.asyncProperty(sequences, async (sequence) => {
      one.state.exec('DELETE FROM jobs; DELETE FROM leases');
      const first = new StorePlayer(jsonStore(one));
      const second = new StorePlayer(await publishedStore(join(directory, `${files++}.db`)));
      const agreed = new AgreedSteps();
      for (const step of sequence) {
        if (!agreed.allows(step)) continue;
        const result = await first.play(step);
        assert.deepEqual(result, await second.play(step), JSON.stringify(step));
        agreed.note(step, result);
      }
    }),
    { numRuns: 60 },
  );
}

test('LeaseStore and better-queue-sqlite answer alike while tasks of any priority are taken from the front', async (t) => {
  await compare(t, steps(fc.integer({ min: -2, max: 2 }), 'takeFirstN'));
});

test('LeaseStore and better-queue-sqlite answer alike while tasks of one priority are taken from both ends', async (t) => {
  await compare(t, steps(fc.constant(1), 'takeLastN'));
});

test('both give a running task that is put again to the next take, and keep it when the old lock is released', async (t) => {
  const { one } = ownQueue(t);
  const published = await publishedStore(join(tempDir(t), 'published.db'));
  for (const store of [jsonStore(one), published]) {
    await answer<void>((cb) => store.putTask('a', 1, 0, cb));
    const old = (await answer<string>((cb) => store.takeFirstN(1, cb))) ?? '';
    await answer<void>((cb) => store.putTask('a', 2, 0, cb));
    await answer<void>((cb) => store.releaseLock(old, cb));
    const lock = (await answer<string>((cb) => store.takeFirstN(1, cb))) ?? '';
    assert.deepEqual(
      { ...(await answer<Record<string, unknown>>((cb) => store.getLock(lock, cb))) },
      { a: 2 },
    );
  }
});

test('the lock of an empty take holds nothing, where that of better-queue-sqlite holds, and its release deletes, all that waits', async (t) => {
  const { one } = ownQueue(t);
  const published = await publishedStore(join(tempDir(t), 'published.db'));
  const left: unknown[] = [];
  for (const store of [jsonStore(one), published]) {
    const lock = (await answer<string>((cb) => store.takeFirstN(1, cb))) ?? '';
    await answer<void>((cb) => store.putTask('came meanwhile', 1, 0, cb));
    const held = await answer<Record<string, unknown>>((cb) => store.getLock(lock, cb));
    await answer<void>((cb) => store.releaseLock(lock, cb));
    left.push({ held: { ...held }, waiting: await answer((cb) => store.getTask('came meanwhile', cb)) });
  }
  assert.deepEqual(left, [
    { held: {}, waiting: 1 },
    { held: { 'came meanwhile': 1 }, waiting: undefined },
  ]);
});

test("a store shows the running tasks of its own process, where better-queue-sqlite's shows, and so adopts, everyone's", async (t) => {
  const { one, another } = ownQueue(t);
  const path = join(tempDir(t), 'published.db');
  const shown: number[] = [];
  for (const [mine, yours] of [
    [jsonStore(one), jsonStore(another('two', 2))],
    [await publishedStore(path), await publishedStore(path)],
  ] as const) {
    await answer<void>((cb) => mine.putTask('a', 1, 0, cb));
    await answer<string>((cb) => mine.takeFirstN(1, cb));
    const running = await answer<object>((cb) => yours.getRunningTasks(cb));
    shown.push(Object.keys(running ?? {}).length);
  }
  assert.deepEqual(shown, [0, 1]);
});
