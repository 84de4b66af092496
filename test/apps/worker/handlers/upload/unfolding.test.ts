import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Unfolding } from '../../../../../apps/worker/handlers/upload/unfolding.ts';

const MIB = 1024 * 1024;
const { signal } = new AbortController();

/** A content in chunks of a mebibyte. */
const contentOf = (chunks: number) =>
  async function* () {
    for (let n = 0; n < chunks; n++) yield Buffer.alloc(MIB);
  };

/** Sends a content, and is not over with it before it is told so. */
function sending(unfolding: Unfolding, chunks: number, of: AbortSignal = signal) {
  const end = Promise.withResolvers<void>();
  const progress = { chunks: 0, end: end.resolve };
  const done = unfolding.of(async (hold) => {
    const open = hold(contentOf(chunks));
    for await (const _ of open(of)) progress.chunks += 1;
    // A second look at it while the first holds the place.
    for await (const _ of open(of));
    await end.promise;
  });
  return { progress, done };
}

async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await turn();
}

test('two files unfold at a time, and the others wait at their first mebibyte until one is sent', async () => {
  const unfolding = new Unfolding();
  const files = [0, 1, 2].map(() => sending(unfolding, 3));
  await turns();
  assert.deepEqual(
    files.map(({ progress }) => progress.chunks),
    [3, 3, 1],
  );
  files[1]?.progress.end();
  await files[1]?.done;
  await turns();
  assert.equal(files[2]?.progress.chunks, 3);
  for (const { progress } of files) progress.end();
  await Promise.all(files.map(({ done }) => done));
});

test('what is no larger than a mebibyte waits for nothing', async () => {
  const unfolding = new Unfolding();
  const large = [0, 1].map(() => sending(unfolding, 2));
  await turns();
  const small = sending(unfolding, 1);
  small.progress.end();
  await small.done;
  for (const { progress } of large) progress.end();
  await Promise.all(large.map(({ done }) => done));
});

test('who is stopped while it waits throws the reason, and one that failed gives its place back', async () => {
  const unfolding = new Unfolding();
  const failing = unfolding.of(async (hold) => {
    for await (const _ of hold(contentOf(2))(signal));
    throw new Error('it failed');
  });
  await assert.rejects(failing, /it failed/);
  const large = [0, 1].map(() => sending(unfolding, 2));
  await turns();
  assert.deepEqual(
    large.map(({ progress }) => progress.chunks),
    [2, 2],
  );
  const stop = new AbortController();
  const waiting = sending(unfolding, 2, stop.signal);
  await turns();
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting.done, /stopped/);
  for (const { progress } of large) progress.end();
  await Promise.all(large.map(({ done }) => done));
});
