import assert from 'node:assert/strict';
import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody } from '../../../../support/custody.ts';

test('of two files of one batch with the same content the second becomes a duplicate of the first', async (t) => {
  const custody = new Custody(t);
  custody.offer('first', 'same');
  const second = custody.offer('second', 'same');
  await custody.hand.step();
  const [waiting] = custody.records.jobs();
  assert.deepEqual([waiting?.path, waiting?.state, waiting?.attempts], [second, 'delayed', 0]);
  assert.match(waiting?.reason ?? '', /the same content .* is just being taken by job 1/);

  await custody.hand.run();
  assert.deepEqual(custody.stored(), ['_duplicates/second', 'first']);
  await custody.assertSound(['same']);
  const [said] = custody.hand.said('file.duplicate');
  assert.equal(said?.source, toText(second));
  assert.equal(said?.path, toText(custody.storedAt('first')));
});

test('content that comes again in a later run, under another name, is moved to the duplicates', async (t) => {
  const custody = new Custody(t);
  custody.offer('a.csv', 'same');
  await custody.hand.run();
  const again = custody.offer('deep/b.csv', 'same');
  await custody.anotherHand().run();
  assert.deepEqual(custody.stored(), ['_duplicates/deep/b.csv', 'a.csv']);
  assert.deepEqual(
    custody.records
      .duplicates()
      .map(({ ledgerId, state, action, source }) => [ledgerId, state, action, source]),
    [[1, 'settled', 'move', again]],
  );
  await custody.assertSound(['same']);
});

test('the same content under the same name twice on one day: neither duplicate is overwritten', async (t) => {
  const custody = new Custody(t);
  for (let n = 0; n < 4; n += 1) {
    custody.offer('a.csv', 'same');
    await custody.hand.run();
  }
  const names = ['_duplicates/a.0967115f.3.csv', '_duplicates/a.0967115f.csv', '_duplicates/a.csv', 'a.csv'];
  assert.deepEqual(custody.stored(), names);
  await custody.assertSound(['same']);
});

test('a duplicate to be deleted is deleted, with the committed copy in its place', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'same');
  await custody.hand.run();
  custody.offer('b', 'same');
  await custody.hand.run();
  assert.deepEqual([custody.left(), custody.stored()], [[], ['a']]);
  assert.equal(custody.records.duplicates()[0]?.action, 'delete');
  await custody.assertSound(['same']);
});

for (const [what, damage] of Object.entries({
  'is gone': unlinkSync,
  'has another size': (path: Buffer) => writeFileSync(path, 'cut'),
})) {
  test(`a duplicate is not deleted when its committed copy ${what}`, async (t) => {
    const custody = new Custody(t, { onDuplicate: 'delete' });
    custody.offer('a', 'the content');
    await custody.hand.run();
    damage(toBytes(custody.storedAt('a')));
    custody.offer('b', 'the content');
    await custody.hand.run();
    assert.deepEqual(custody.left(), ['b']);
    const [job] = custody.records.jobs();
    assert.equal(job?.state, 'failed');
    assert.match(
      job?.reason ?? '',
      /^a duplicate, but not deleted: its committed copy is not at .*\/a with its size$/,
    );
    assert.deepEqual(custody.records.duplicates(), [], 'nothing of it stays in flight');
  });
}

test('a duplicate to be left stays, remembered with what it looked like', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'leave' });
  custody.offer('a', 'same');
  await custody.hand.run();
  const path = custody.offer('b', 'same');
  await custody.hand.run();
  assert.deepEqual([custody.left(), custody.stored()], [['b'], ['a']]);
  assert.deepEqual(custody.records.jobs(), []);
  const [row] = custody.records.duplicates();
  assert.deepEqual([row?.source, row?.action, row?.destination], [path, 'leave', undefined]);
  await custody.assertSound(['same']);
});

test('a route without dedupe takes the same content as often as it comes, each time with a line of its own', async (t) => {
  const custody = new Custody(t, { dedupe: 'none' });
  for (const name of ['a', 'b', 'b']) {
    custody.offer(name, 'same');
    await custody.hand.run();
  }
  assert.deepEqual(custody.stored(), ['a', 'b', 'b.0967115f']);
  await custody.assertSound(['same', 'same', 'same']);
});

test('content of a route without dedupe is no original for the others', async (t) => {
  const custody = new Custody(t, { dedupe: 'none' });
  custody.offer('a', 'same');
  await custody.hand.run();
  custody.saveRoute({ dedupe: 'content' });
  custody.offer('b', 'same');
  await custody.hand.run();
  assert.deepEqual(custody.stored(), ['a', 'b']);
  await custody.assertSound(['same', 'same']);
});

test('duplicates go to the directory that the route names for them', async (t) => {
  const other = new Custody(t);
  const custody = new Custody(t, { duplicates: other.warehouse });
  for (const name of ['a', 'b']) {
    custody.offer(name, 'same');
    await custody.hand.run();
  }
  assert.deepEqual([custody.stored(), other.stored()], [['a'], ['b']]);
  await custody.assertSound(['same']);
});

test('the second of two empty files is a duplicate', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', '');
  custody.offer('b', '');
  await custody.hand.run();
  assert.deepEqual(custody.stored(), ['_duplicates/b', 'a']);
  await custody.assertSound(['']);
});

for (const dedupe of ['content', 'none'] as const) {
  test(`two names of one inode are taken one after the other, dedupe ${dedupe}`, async (t) => {
    const custody = new Custody(t, { dedupe });
    const a = custody.drop('a', 'linked');
    linkSync(toBytes(a), toBytes(custody.at('b')));
    custody.enqueue(a);
    custody.enqueue(custody.at('b'));
    await custody.hand.run();
    assert.deepEqual([custody.stored(), custody.left()], [['a'], ['b']], 'moving the one touched the other');
    assert.deepEqual(
      custody.records.candidates().map(({ path }) => path),
      [custody.at('b')],
    );

    custody.enqueue(custody.at('b'));
    await custody.hand.run();
    const isContent = dedupe === 'content';
    assert.deepEqual(custody.stored(), isContent ? ['_duplicates/b', 'a'] : ['a', 'b']);
    await custody.assertSound(isContent ? ['linked'] : ['linked', 'linked']);
  });
}

test('content that waits for a job which has failed is not asked for again and again, and does not hold up the end', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'same');
  await custody.hand.dieAt('ingest.decided');
  custody.hand.state.prepare("UPDATE jobs SET state = 'failed', lease_token = NULL, reason = 'test'").run();
  custody.offer('b', 'same');
  const nowMs = Date.now();
  await custody.anotherHand().run();
  const [, job] = custody.records.jobs();
  assert.equal(job?.state, 'delayed');
  assert.ok((job?.runAtMs ?? 0) > nowMs + 10_000, 'later than a worker that finishes would wait');
  assert.match(job?.reason ?? '', /by job 1, which failed: retry or drop that one/);
});

test('content that waits for a job which is itself put off waits as long', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'same');
  await custody.hand.dieAt('ingest.decided');
  const runAtMs = Date.now() + 60_000;
  custody.hand.state
    .prepare("UPDATE jobs SET state = 'delayed', lease_token = NULL, run_at_ms = ?")
    .run(runAtMs);
  custody.offer('b', 'same');
  await custody.anotherHand().run();
  assert.deepEqual(
    custody.records.jobs().map((job) => job.runAtMs),
    [runAtMs, runAtMs + 100],
  );
});
