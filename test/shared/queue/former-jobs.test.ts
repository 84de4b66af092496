import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { FormerJobs } from '../../../shared/queue/former-jobs.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { addDuplicate, addJob, commitFile, decideFile, makeState, T0 } from '../../support/state.ts';

/** A route that does something by now, and its jobs. */
function makeRoute(t: TestContext, takes: 'ingest' | 'upload') {
  const fixture = makeState(t);
  const { state } = fixture;
  state.prepare('UPDATE routes SET takes = ?').run(takes);
  const former = new FormerJobs(state);
  const records = new FileRecords(state);
  return {
    fixture,
    former,
    drop: () => former.drop({ id: fixture.routeId, input: fixture.input, taking: takes }, T0),
    keys: () => state.prepare<[], string>('SELECT CAST(key AS TEXT) FROM jobs ORDER BY id').pluck().all(),
    stays: () => state.prepare('SELECT current_state AS state, reason FROM file_records').all(),
    begin: (jobId: number, path: BytePath) =>
      records.add(
        {
          ...{ profile: 'lab', bucket: 'buck', filepath: 'a', createdAt: '2024', state: 'processing' },
          ...{ bucketId: undefined, sinkId: 0, jobId, path, nextPath: undefined, ledgerId: undefined },
          ...{ device: 1n, inode: 1n, sizeBytes: 1, mtimeNs: 1n },
        },
        T0,
      ),
    records,
  };
}

test('jobs of custody go, whatever they wait for, where the files of their route are uploaded by now', (t) => {
  const { fixture, drop, keys } = makeRoute(t, 'upload');
  addJob(fixture, 'ready');
  addJob(fixture, 'sub/delayed', { state: 'delayed' });
  addJob(fixture, 'failed', { state: 'failed' });
  addJob(fixture, 'new', { kind: 'upload' });
  assert.equal(drop(), 3);
  assert.deepEqual(keys(), [join(fixture.input, 'new')]);
  assert.equal(drop(), 0);
});

test('more of them than one transaction takes go too', (t) => {
  const { fixture, drop, keys } = makeRoute(t, 'upload');
  fixture.state.transaction(() => {
    for (let n = 0; n < 2001; n += 1) addJob(fixture, `${n}.csv`);
  })();
  assert.equal(drop(), 2001);
  assert.deepEqual(keys(), []);
});

test('what a worker has in hand, or has decided, stays', (t) => {
  const { fixture, former, drop, keys } = makeRoute(t, 'upload');
  const [leased, decided, again] = ['leased', 'decided', 'again'].map((name) => addJob(fixture, name));
  fixture.state.exec(`
    INSERT INTO leases (token, owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES (7, 'w', 'h', 'b', 1, '1', 1, 1);
    UPDATE jobs SET state = 'leased', lease_token = 7 WHERE id = ${leased}`);
  decideFile(fixture, 'decided', { jobId: decided ?? 0 });
  const original = commitFile(fixture, 'original', { content: 'same' });
  addDuplicate(fixture, original, 'again', { content: 'same', settle: false, jobId: again ?? 0 });
  assert.equal(drop(), 0);
  assert.equal(keys().length, 3);
  assert.throws(() => former.refuseInCustody(fixture.input), {
    code: 'route.in-custody',
    message: /custody: 2$/,
  });
  former.refuseInCustody(fromText('/of another route'));
});

test('jobs of uploads go where their route takes custody by now, and their stays end', (t) => {
  const { fixture, drop, keys, stays, begin } = makeRoute(t, 'ingest');
  addJob(fixture, 'ready', { kind: 'upload' });
  const begun = addJob(fixture, 'begun', { kind: 'upload', state: 'delayed' });
  begin(begun, join(fixture.input, 'begun'));
  addJob(fixture, 'new');
  assert.equal(drop(), 2);
  assert.deepEqual(keys(), [join(fixture.input, 'new')]);
  assert.deepEqual(stays(), [{ state: 'gone', reason: 'its directory is taken into custody by now' }]);
});

test('an upload that was sent and is only to leave, that moved elsewhere, or comes from the warehouse, stays', (t) => {
  const { fixture, drop, begin, records, keys } = makeRoute(t, 'ingest');
  const path = join(fixture.input, 'sent');
  const sent = begin(addJob(fixture, 'sent', { kind: 'upload' }), path);
  records.conclude(sent, { outcome: 'success', path, nextPath: join(fixture.input, '.hidden') }, T0);
  const moved = addJob(fixture, 'moved', { kind: 'upload' });
  const setKey = fixture.state.prepare('UPDATE jobs SET key = ? WHERE id = ?');
  setKey.run(toBytes(fromText(`${fixture.input}-processing/moved`)), moved);
  const handedOn = addJob(fixture, 'handed-on', { kind: 'upload' });
  fixture.state.prepare('UPDATE jobs SET payload = ? WHERE id = ?').run('{"ledger":1}', handedOn);
  assert.equal(drop(), 0);
  assert.equal(keys().length, 3);
});

test('who has not heard that the route was switched meanwhile drops nothing of its new jobs', (t) => {
  const { fixture, former } = makeRoute(t, 'upload');
  addJob(fixture, 'new', { kind: 'upload' });
  assert.equal(former.drop({ id: fixture.routeId, input: fixture.input, taking: 'ingest' }, T0), 0);
});
