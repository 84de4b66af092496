import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { NO_DELTA } from '../../../../../apps/worker/delta.ts';
import { dirname, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody, read } from '../../../../support/custody.ts';
import { manifestTexts } from '../../../../support/custody-records.ts';

const manifestOf = (custody: Custody) => {
  const [found] = manifestTexts(custody.manifests);
  assert.ok(found !== undefined);
  return found;
};

test('lines of a commit that died are adopted by the next one to the same manifest, whose ever it is', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  custody.offer('b', 'content of b');
  await custody.hand.dieAt('commit.lines-durable');
  const seen = manifestOf(custody).text;
  assert.equal(seen.split('\n').length - 1, 2);

  const next = custody.anotherHand();
  custody.offer('c', 'content of c');
  await next.step();
  assert.ok(manifestOf(custody).text.startsWith(seen), 'a reader saw it grow');
  assert.deepEqual(
    next.said('file.adopted').map(({ id }) => id),
    [1, 2],
  );
  assert.deepEqual(next.progress, [{ ...NO_DELTA, files: 3, bytes: 36 }]);
  assert.deepEqual(custody.records.jobs(), [], 'and the jobs are done, whoever holds them');
  await custody.assertSound(['content of a', 'content of b', 'content of c']);
});

test('a torn line of a commit that died is cut, and written whole by whoever finishes the file', async (t) => {
  const custody = new Custody(t);
  for (const name of ['a', 'b', 'c']) custody.offer(name, name);
  await custody.hand.dieAt('commit.lines-durable');
  const { path, text } = manifestOf(custody);
  truncateSync(toBytes(path), text.length - 30);
  await custody.recover();
  assert.equal(manifestOf(custody).text.length, text.length);
  await custody.assertSound(['a', 'b', 'c']);
});

test('the holder of a file that is adopted under its hands finds it committed, and is content', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.dieAt('commit.lines-durable');
  const [holder, other] = [custody.anotherHand('holder'), custody.anotherHand('other')];
  holder.takeLeasesOfOthers();
  custody.offer('b', 'content of b');
  const [held, others] = [holder.claim('suspect'), other.claim()];
  await other.handle(others);
  assert.deepEqual(
    other.said('file.adopted').map(({ id }) => id),
    [1],
  );

  await holder.handle(held);
  assert.deepEqual(holder.said('defect'), []);
  assert.deepEqual(holder.said('file.ingested'), []);
  await custody.assertSound(['content of a', 'content of b']);
});

test('a line of a file that is not where it says is not adopted', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.dieAt('commit.lines-durable');
  // Before, so that it does not get the inode of the one that goes.
  custody.offer('b', 'content of b');
  rmSync(toBytes(custody.storedAt('a')));
  await custody.anotherHand().step();
  assert.deepEqual(
    custody.lines().map(({ id }) => id),
    [2],
  );
  await custody.recover();
  await custody.assertSound(['content of b']);
});

test('a line of a file that is put back in the same batch is not adopted', async (t) => {
  const custody = new Custody(t);
  for (const name of ['a', 'b', 'c']) custody.offer(name, `content of ${name}`);
  await custody.hand.dieAt('commit.lines-durable');
  // As after a state file that refused the commit: the jobs come back together.
  custody.hand.state.exec(
    "UPDATE jobs SET state = 'ready', lease_token = NULL, attempts = 0; DELETE FROM leases",
  );
  const stored = custody.storedAt('b');
  writeFileSync(toBytes(stored), 'CONTENT of b');
  await custody.anotherHand().step();
  assert.deepEqual(custody.left(), ['b']);
  assert.equal(read(custody.at('b')), 'CONTENT of b');
  await custody.assertSound(['content of a', 'content of c']);
});

test('the sidecar of a file that is adopted goes', async (t) => {
  const custody = new Custody(t, { mode: 'sidecar' });
  const path = custody.drop('a', 'content of a');
  custody.drop('a.ok', '');
  custody.enqueue(path, { payload: { sidecar: true } });
  await custody.hand.dieAt('commit.lines-durable');
  custody.offer('b', 'content of b');
  await custody.anotherHand().step();
  assert.deepEqual([custody.left(), custody.records.pendingSidecars()], [[], 0]);
  await custody.assertSound(['content of a', 'content of b']);
});

test('a manifest that was shortened is continued, it is said, and verify tells what is missing', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.step();
  const { path, text } = manifestOf(custody);
  truncateSync(toBytes(path), 10);
  custody.offer('b', 'content of b');
  await custody.hand.step();
  assert.deepEqual(
    custody.lines().map(({ id }) => id),
    [2],
  );
  const [said] = custody.hand.said('manifest.shortened');
  assert.deepEqual([said?.path, said?.committed_bytes, said?.found_bytes], [toText(path), text.length, 10]);
  const findings = await custody.findings();
  assert.equal(findings.length, 1);
  assert.match(findings[0] ?? '', /^missing-line .*\/a: /);
});

test('a manifest that was removed is begun anew, and it is said', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.step();
  const { path } = manifestOf(custody);
  rmSync(toText(dirname(path)), { recursive: true });
  custody.offer('b', 'content of b');
  await custody.hand.step();
  assert.deepEqual(
    custody.lines().map(({ id }) => id),
    [2],
  );
  assert.equal(custody.hand.said('manifest.shortened').length, 1);
});

test('a state file that was lost does not cost the lines that it had written', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.step();
  const { text } = manifestOf(custody);
  custody.hand.state.exec('DELETE FROM ledger; DELETE FROM manifests; DELETE FROM sqlite_sequence');
  custody.offer('b', 'content of b');
  custody.offer('c', 'content of c');
  await custody.hand.dieAt('commit.lines-durable');
  await custody.recover();
  assert.ok(readFileSync(toBytes(manifestOf(custody).path), 'utf8').startsWith(text));
  assert.deepEqual(
    custody.lines().map(({ source }) => source.slice(-2)),
    ['/a', '/b', '/c'],
  );
});

test('whatever else was written behind the committed lines goes', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content of a');
  await custody.hand.step();
  appendFileSync(toBytes(manifestOf(custody).path), 'rubbish\n{"id":1}\n');
  custody.offer('b', 'content of b');
  await custody.hand.step();
  await custody.assertSound(['content of a', 'content of b']);
});
