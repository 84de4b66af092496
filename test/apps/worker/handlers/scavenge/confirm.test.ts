import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { realTools, type ScavengeTools } from '../../../../../apps/worker/handlers/scavenge/tools.ts';
import { readArchiveStats } from '../../../../../shared/archive-sink/inspect/archive-stats.ts';
import { EnvironmentError } from '../../../../../shared/errors.ts';
import { toBytes } from '../../../../../shared/fs/byte-path.ts';
import { dropJobs } from '../../../../../shared/queue/inspect/drop.ts';
import { ArchiveCustody } from '../../../../support/archive-custody.ts';

const HELD: Partial<ScavengeTools> = { scavenge: () => Promise.resolve({ heldBy: 'pid 7 on another host' }) };

test('what is staged is collected when its time has come, and published with its volume', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  assert.equal(await yard.hand.step('scavenge'), 0);
  yard.hand.clock.forward(61_000);
  assert.equal(await yard.hand.step('scavenge'), 1);
  assert.deepEqual(yard.rows('SELECT state, volume, stored_as FROM archive_deposits ORDER BY id'), [
    { state: 'published', volume: 'all.zip', stored_as: 'a.csv' },
    { state: 'published', volume: 'all.zip', stored_as: 'b.csv' },
  ]);
  assert.deepEqual(yard.jobs(), []);
  assert.deepEqual(yard.inbox(), []);
  const sums = yard.hand.progress.map(({ archivedFiles, archivedBytes }) => [archivedFiles, archivedBytes]);
  assert.deepEqual(sums, [[2, 6]]);
  assert.deepEqual(readArchiveStats(yard.hand.state, Date.now()), {
    waitingFiles: 0,
    oldestWaitingSeconds: undefined,
    archivedFiles: 2,
    archivedBytes: 6,
  });
});

test('with publish_seconds 0 it is collected at once', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }] });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  assert.equal(await yard.hand.step('scavenge'), 1);
  assert.equal(yard.find('a.csv', 'one'), 'a.csv');
});

test('another content of a name that is there is published under its version', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ to: { archive: 'all.zip', member: 'latest/{name}' } }] });
  await yard.commit({ 'x/a.csv': 'one' });
  await yard.hand.run();
  await yard.commit({ 'y/a.csv': 'two' });
  await yard.hand.run();
  const stored = yard.rows<{ stored_as: string }>('SELECT stored_as FROM archive_deposits ORDER BY id');
  assert.equal(stored[0]?.stored_as, 'latest/a.csv');
  assert.match(stored[1]?.stored_as ?? '', /^latest\/a\.[0-9a-f]{8}\.csv$/);
  assert.equal(yard.hand.said('archive.version').length, 1);
  assert.deepEqual(await yard.findings(), []);
});

test('a deposit whose staging archive is gone is made once more, and said', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  yard.emptyInbox();
  assert.equal((await yard.findings()).filter((line) => line.startsWith('missing-deposit')).length, 2);
  await yard.hand.run();
  assert.equal(yard.hand.said('file.unstaged').length, 2);
  assert.equal(yard.find('b.csv', 'two'), 'b.csv');
  assert.deepEqual(yard.jobs(), []);
  assert.deepEqual(await yard.findings(), []);
  assert.deepEqual(yard.rows('SELECT archived_files AS files, archived_bytes AS bytes FROM totals'), [
    { files: 2, bytes: 6 },
  ]);
});

test('a deposit that is recorded right after the look into the inbox is not taken for lost', async (t) => {
  const scavenge: Partial<ScavengeTools> = {
    stagedIn(base) {
      const staged = realTools.stagedIn(base);
      yard.hand.state.exec(`
        INSERT INTO archive_deposits (ledger_id, sink_id, base_id, archive, member, sha256, size_bytes, path, fingerprint, staging, state, staged_ms)
        SELECT ledger_id + 1, sink_id, base_id, archive, 'b.csv', randomblob(32), 3, path, '', 'h.0.1.1.2', 'staged', 9e12 FROM archive_deposits`);
      return staged;
    },
  };
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }], tools: { scavenge } });
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  const jobs = yard.hand.claim('archive');
  yard.hand.state.exec("DELETE FROM jobs WHERE key LIKE '%b.csv'");
  await yard.hand.handle(
    'archive',
    jobs.filter(({ key }) => key.endsWith('a.csv')),
  );
  await yard.hand.step('scavenge');
  assert.equal(yard.hand.said('file.unstaged').length, 0);
  assert.deepEqual(
    yard.deposits().map(({ member, state }) => [member, state]),
    [
      ['a.csv', 'published'],
      ['b.csv', 'staged'],
    ],
  );
});

test('a lost deposit of a file whose name another one has by now stays on record, and verify tells of it', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }] });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  yard.emptyInbox();
  rmSync(toBytes(yard.custody.storedAt('a.csv')));
  await yard.commit({ 'a.csv': 'two' });
  await yard.hand.step('scavenge');
  assert.deepEqual(yard.deposits(), [{ member: 'a.csv', state: 'staged', release: null }]);
  assert.match((await yard.findings()).join(), /^missing-deposit /);
});

test('without scavenge it only looks, waits for whoever collects, and finds what he has published', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ scavenge: false, publishMs: 0 }] });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  const [job] = yard.jobs();
  assert.equal(job?.state, 'delayed');
  assert.match(job?.reason ?? '', /^what is staged in .* was not collected yet$/);
  assert.deepEqual(await yard.findings(), []);
  yard.saveSinks({ scavenge: true });
  yard.hand.clock.forward(120_000);
  await yard.hand.run();
  assert.deepEqual(yard.jobs(), []);
  assert.equal(yard.find('a.csv', 'one'), 'a.csv');
});

test('while somebody else collects a base it is asked again soon, and after a while seldom', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }], tools: { scavenge: HELD } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  const waitMs = async (): Promise<number> => {
    await yard.hand.step('scavenge');
    const [job] = yard.rows<{ run_at_ms: number; reason: string; attempts: number }>(
      'SELECT run_at_ms, reason, attempts FROM jobs',
    );
    assert.match(job?.reason ?? '', /is being collected by pid 7 on another host$/);
    assert.equal(job?.attempts, 0);
    return (job?.run_at_ms ?? 0) - yard.hand.clock.nowMs();
  };
  assert.ok((await waitMs()) <= 2000);
  yard.hand.clock.forward(100_000);
  assert.ok((await waitMs()) > 20_000);
  assert.equal(yard.hand.said('archive.waiting').filter(({ level }) => level === 'warn').length, 1);
});

test('a drained run makes no job ready that waits for others, however often it is asked', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }], tools: { scavenge: HELD } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  assert.equal(yard.hand.handlers.scavenge.drain?.(), false);
  assert.deepEqual(
    yard.jobs().map(({ state }) => state),
    ['delayed'],
  );
});

test('a base that refuses is tried again, at no charge', async (t) => {
  let calls = 0;
  const scavenge: Partial<ScavengeTools> = {
    scavenge: () => {
      calls += 1;
      return Promise.reject(
        new EnvironmentError('it is full', { code: 'archive.no-space', retryable: true, hint: 'free some' }),
      );
    },
  };
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }], tools: { scavenge } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  assert.equal(calls, 1);
  assert.deepEqual(yard.rows('SELECT state, reason, attempts FROM jobs'), [
    { state: 'delayed', reason: 'it is full; free some', attempts: 0 },
  ]);
  assert.equal(yard.hand.said('place.refused').length, 1);
  yard.hand.clock.forward(1500);
  await yard.hand.run();
  assert.equal(calls, 2);
  assert.equal(yard.hand.said('place.refused').length, 1, 'said once');
});

test('a job that somebody dropped is made anew', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  const [job] = yard.rows<{ id: number }>('SELECT id FROM jobs');
  dropJobs(yard.hand.state, [job?.id ?? 0], Date.now());
  assert.deepEqual(yard.jobs(), []);
  await yard.hand.run();
  assert.equal(yard.find('a.csv', 'one'), 'a.csv');
});

test('a holder whose lease was taken away while it collected publishes nothing in the state file', async (t) => {
  const yard = new ArchiveCustody(t, { sinks: [{ publishMs: 0 }] });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  const late = yard.anotherHand('late');
  const jobs = late.claim('scavenge');
  late.at('scavenge.published', () => yard.hand.takeLeasesOfOthers());
  await late.handle('scavenge', jobs);
  assert.equal(late.said('lease.lost').length, 1);
  assert.deepEqual(yard.deposits(), [{ member: 'a.csv', state: 'staged', release: null }]);
  await yard.hand.run();
  assert.deepEqual(yard.deposits(), [{ member: 'a.csv', state: 'published', release: null }]);
  assert.deepEqual(yard.rows('SELECT archived_files AS files FROM totals'), [{ files: 1 }]);
});

test('verify tells of a member that is gone from its archive, and of a volume that is no zip', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  const missing = `missing-member ${yard.base}/all.zip/a.csv: in no volume of all.zip`;
  renameSync(`${yard.base}/all.zip`, `${yard.base}/elsewhere`);
  assert.deepEqual(await yard.findings(), [missing]);
  writeFileSync(`${yard.base}/all.zip`, 'no zip');
  const [volume, member] = await yard.findings();
  assert.match(volume ?? '', /^bad-volume .*\/archives\/all\.zip: has no directory at its end/);
  assert.equal(member, missing);
});
