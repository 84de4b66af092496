import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CopyReport, type Delivered } from '../../../../apps/cli/copy/report.ts';
import { waitForEnds } from '../../../../apps/cli/copy/wait.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { openState } from '../../../../shared/state/open.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { FileRecords } from '../../../../shared/uploads/file-records.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { CopyPlace } from '../../../support/copies.ts';

/** Another process's view of the state file. */
function otherRecords(t: TestContext, place: CopyPlace) {
  const state = openState(place.statePath);
  t.after(() => state.close());
  const records = new FileRecords(state);
  return (id: number, change: (records: FileRecords, id: number) => void) =>
    writeTransaction(state, () => change(records, id));
}

const close =
  (state: 'completed' | 'failed' | 'gone', reason?: string) => (records: FileRecords, id: number) =>
    records.close(id, { state, reason, path: records.byId(id)?.path ?? fromText('/') }, 0);

/** Waits for copies that are made first; `said` resolves when something matches. */
async function start(t: TestContext, keys: readonly string[], { idleMs = 60_000 } = {}) {
  const place = new CopyPlace(t);
  const delivered: Delivered[] = [];
  for (const key of keys) {
    const source = place.write(`source/${key}`, key);
    const file = { source: fromText(source), followLink: true, key, sizeBytes: key.length };
    delivered.push({ file, copied: await place.copy(source, key) });
  }
  const output = { text: '', looks: new Set<() => void>() };
  const stderr = {
    isTerminal: false,
    columns: undefined,
    write: (text: string) => {
      output.text += text;
      for (const look of output.looks) look();
    },
  };
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => pattern.test(output.text) && resolve();
      output.looks.add(look);
      look();
    });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const context = { stderr, stdout: stderr, clock: systemClock } as never;
  const destination = { profile: 'lab', bucket: 'buck', path: '', isDirectory: true };
  const report = new CopyReport(context, { destination, json: false, plan: { files: [], notCopied: [] } });
  const ended = waitForEnds(delivered, {
    ...{ state: place.state, records: place.records, report, stderr, clock: systemClock, idleMs },
    signal: stop.signal,
    serveLine: 'start one',
  });
  const ids = delivered.map(({ copied }) => Number(copied.record));
  return { place, ids, ended, output, said, stop, report, change: otherRecords(t, place) };
}

test('files are followed to their ends, and reasons are told when they are new', {
  timeout: 20_000,
}, async (t) => {
  const run = await start(t, ['a', 'b', 'c']);
  const [a, b, c] = run.ids as [number, number, number];
  run.change(a, (records, id) => records.wait(id, 'the bucket is missing', true, 0));
  await run.said(/1 file waits: the bucket is missing\n/);
  run.change(a, (records, id) => records.wait(id, 'the network is down', true, 0));
  run.change(b, (records, id) => records.wait(id, 'the network is down', true, 0));
  await run.said(/the network is down\n/);
  run.change(a, close('completed'));
  run.change(b, close('failed', 'access is denied'));
  run.change(c, close('gone', 'somebody took it away'));
  assert.deepEqual(await run.ended, []);
  assert.match(run.output.text, /s3:\/\/lab\/buck\/b was not uploaded: access is denied/);
  assert.match(run.output.text, /s3:\/\/lab\/buck\/c is gone: somebody took it away/);
  assert.equal(run.report.failed, 2);
});

test('who is told to stop waiting is told which files have not ended', { timeout: 20_000 }, async (t) => {
  const run = await start(t, ['a', 'b']);
  run.change(Number(run.ids[0]), close('completed'));
  run.stop.abort();
  const left = await run.ended;
  assert.ok(left.some(({ file }) => file.key === 'b'));
});

test('that nobody seems to work is said once', {
  timeout: 20_000,
}, async (t) => {
  const run = await start(t, ['a'], { idleMs: 0 });
  await run.said(/nothing seems to work on these files; is a server running\? start one\n/);
  run.change(Number(run.ids[0]), close('completed'));
  await run.ended;
  assert.equal(run.output.text.split('nothing seems').length - 1, 1);
});

test('a file that left incoming without a word in this state file is gone', {
  timeout: 20_000,
}, async (t) => {
  const run = await start(t, ['a']);
  renameSync(join(run.place.directory, 'incoming/lab/buck/a'), join(run.place.root, 'taken'));
  await run.ended;
  assert.match(run.output.text, /is gone: it was taken away, or by a server with another state file/);
  assert.equal(run.place.rows()[0]?.current_state, 'gone');
});

test('a file that its server could not even open has failed, with the reason of its job', {
  timeout: 20_000,
}, async (t) => {
  const run = await start(t, ['a']);
  const { lstatIfThere } = await import('../../../../shared/fs/lstat.ts');
  const { fingerprintOf } = await import('../../../../shared/fs/fingerprint.ts');
  const path = join(run.place.directory, 'incoming/lab/buck/a');
  const stats = lstatIfThere(fromText(path));
  assert.ok(stats);
  const other = openState(run.place.statePath);
  const insert = other.prepare(
    "INSERT INTO jobs (kind, key, state, reason, fingerprint, enqueued_ms, updated_ms) VALUES ('upload', ?, 'failed', ?, ?, 0, 0)",
  );
  insert.run(Buffer.from(path), 'let this user read it', fingerprintOf(stats));
  other.close();
  await run.ended;
  assert.match(run.output.text, /was not uploaded: let this user read it/);
});

test('--wait follows what waited there already too, and has one line a file', {
  timeout: 20_000,
}, async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'a');
  const args = ['copy', 'a.csv', 's3://lab/buck/', ...place.options];
  // No copy has put it there: it has no record yet.
  place.write('server/incoming/lab/buck/a.csv', 'a');
  void place.state;
  const change = otherRecords(t, place);
  let settled = false;
  const finished = cli([...args, '--wait', '--json'], { cwd: place.root });
  const timer = setInterval(() => {
    const [row] = place.rows();
    if (row === undefined || settled) return;
    settled = true;
    change(row.id, close('completed'));
  }, 10);
  const { stdout, exitCode } = await finished;
  clearInterval(timer);
  assert.equal(exitCode, 0);
  assert.deepEqual(
    jsonLines(stdout).map(({ status, key }) => [status, key]),
    [['completed', 'a.csv']],
  );
});
