import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BytePath, toBytes } from '../../../../shared/fs/byte-path.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Claims } from '../../../../shared/queue/claim.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { addCandidate, addJob, makeState, type StateFixture, T0 } from '../../../support/state.ts';

const queue = ({ statePath }: StateFixture, ...args: string[]) =>
  cli(['queue', ...args, '--state-path', statePath], { nowMs: T0 });

test('queue stats --json has the documented keys and nothing else', async (context) => {
  const fixture = makeState(context);
  for (const name of ['a', 'b']) addJob(fixture, name, { enqueuedMs: T0 - 5000 });
  addJob(fixture, 'c', { state: 'failed' });
  const claims = new Claims(fixture.state, { ...thisProcess(), owner: 'worker-1' });
  claims.claim({ kind: 'ingest', lane: 'batch', limit: 1, leaseMs: 30_000, nowMs: T0 });
  addCandidate(fixture, 'd', { overdue: true });
  const { stdout, exitCode, stderr } = await queue(fixture, 'stats', '--json');
  assert.deepEqual([exitCode, stderr], [0, '']);
  const { pid, host } = thisProcess();
  assert.deepEqual(JSON.parse(stdout), {
    depth: 2,
    ready: 1,
    delayed: 0,
    leased: 1,
    failed: 1,
    candidates: 1,
    overdue: 1,
    committed: 0,
    committed_bytes: 0,
    duplicates: 0,
    uploaded: 0,
    uploaded_bytes: 0,
    oldest_ready_seconds: 5,
    files_per_second: 0,
    bytes_per_second: 0,
    leases: [{ owner: 'worker-1', pid, host, jobs: 1, alive: true, seconds_left: 30 }],
    kinds: { ingest: { ready: 1, delayed: 0, leased: 1, failed: 1 } },
    loads: null,
    archives: null,
  });
});

test('queue stats for a person lines up, with separators, and no line is wider than a terminal', async (context) => {
  const fixture = makeState(context);
  addJob(fixture, 'a', { enqueuedMs: T0 - 200_000 });
  fixture.state.exec('UPDATE totals SET committed_files = 1234567, committed_bytes = 98765432100');
  const { stdout } = await queue(fixture, 'stats');
  assert.equal(
    stdout,
    `\
jobs    ready  delayed  leased  failed
ingest      1        0       0       0

to be done          1  oldest ready 3 min 20 s
candidates          0
committed   1,234,567  98.8 GB
duplicates          0
files/s           0.0  over the last minute
bytes/s           0 B
`,
  );
});

test('queue stats tells a person of uploads where there are any', async (context) => {
  const fixture = makeState(context);
  assert.doesNotMatch((await queue(fixture, 'stats')).stdout, /uploaded/);
  fixture.state.exec('UPDATE totals SET uploaded_files = 1234, uploaded_bytes = 5600000');
  assert.match((await queue(fixture, 'stats')).stdout, /^uploaded +1,234 {2}5\.6 MB$/m);
});

test('queue stats --watch --json writes a line, and again, until it is told to stop', async (context) => {
  const fixture = makeState(context);
  const stop = new AbortController();
  let lines = 0;
  const { stdout, exitCode } = await cli(
    ['queue', 'stats', '--watch', '--json', '--state-path', fixture.statePath],
    {
      stop: stop.signal,
      onWrite: () => {
        lines += 1;
        if (lines === 1) addJob(fixture, 'a');
        else stop.abort();
      },
    },
  );
  assert.equal(exitCode, 0);
  assert.deepEqual(
    jsonLines(stdout).map(({ depth }) => depth),
    [0, 1],
  );
});

test('queue stats --watch draws over itself on a terminal alone', async (context) => {
  const { statePath } = makeState(context);
  for (const isTerminal of [true, false]) {
    const stop = new AbortController();
    const { stdout } = await cli(['queue', 'stats', '--watch', '--state-path', statePath], {
      isTerminal,
      stop: stop.signal,
      onWrite: () => stop.abort(),
    });
    assert.equal(stdout.includes('\x1b['), isTerminal);
  }
});

test('queue list --json has the documented keys of jobs and of candidates', async (context) => {
  const fixture = makeState(context);
  const id = addJob(fixture, 'not \xff utf8', {
    state: 'delayed',
    runAtMs: T0 + 1000,
    reason: 'later',
    attempts: 1,
  });
  const path = addCandidate(fixture, 'c', { waitsFor: 'sidecar', dueMs: null });
  const jobs = jsonLines((await queue(fixture, 'list', '--json')).stdout);
  assert.deepEqual(jobs, [
    {
      id,
      kind: 'ingest',
      state: 'delayed',
      attempts: 1,
      next_run: '2024-11-02T10:00:01.000Z',
      reason: 'later',
      owner: null,
      size: 10,
      enqueued_at: '2024-11-02T10:00:00.000Z',
      path: `${fixture.input}/not \ufffd utf8`,
      path_base64: toBytes(`${fixture.input}/not \xff utf8` as BytePath).toString('base64'),
    },
  ]);
  const candidates = jsonLines((await queue(fixture, 'list', '--state', 'candidate', '--json')).stdout);
  assert.deepEqual(candidates, [
    {
      state: 'candidate',
      waits_for: 'sidecar',
      first_seen: '2024-11-02T10:00:00.000Z',
      next_look: null,
      overdue: false,
      route: 'orders',
      path,
    },
  ]);
});

test('queue list for a person shows each job in a line, its reason below it, and no control characters of names', async (context) => {
  const fixture = makeState(context);
  addJob(fixture, 'a\nb\x1b[31m', { state: 'failed', reason: 'cannot be read', attempts: 3 });
  addJob(fixture, 'c', { state: 'delayed', runAtMs: T0 + 65_000 });
  const { stdout } = await queue(fixture, 'list');
  assert.equal(
    stdout,
    `\
       id  kind     state      tries  next run      path
        1  ingest   failed         3  after retry   ${fixture.input}/a\\nb\\u{1b}[31m
           cannot be read
        2  ingest   delayed        0  in 1 min 5 s  ${fixture.input}/c
`,
  );
});

test('queue list takes a state and a kind, and no others than there are', async (context) => {
  const fixture = makeState(context);
  addJob(fixture, 'a');
  const failed = addJob(fixture, 'b', { state: 'failed' });
  const { stdout } = await queue(fixture, 'list', '--state', 'failed', '--kind', 'ingest', '--json');
  assert.deepEqual(
    jsonLines(stdout).map(({ id }) => id),
    [failed],
  );
  const wrong = await queue(fixture, 'list', '--state', 'done');
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /ready, delayed, leased, failed, candidate/);
});

test('queue retry and queue drop say what they did, and refuse what is not there in one line', async (context) => {
  const fixture = makeState(context);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => String(addJob(fixture, name, { state: 'failed' })));
  assert.ok(a && b && c);
  assert.equal((await queue(fixture, 'retry', a)).stdout, '1 job ready again\n');
  assert.equal((await queue(fixture, 'retry', '--failed')).stdout, '2 jobs ready again\n');
  assert.equal((await queue(fixture, 'retry', '--delayed')).stdout, '0 jobs ready again\n');
  assert.equal((await queue(fixture, 'drop', a, b)).stdout, '2 jobs dropped\n');
  for (const args of [
    ['retry', a],
    ['drop', a],
    ['drop', 'x'],
    ['retry'],
    ['retry', c, '--failed'],
    ['drop'],
  ]) {
    const { exitCode, stderr, stdout } = await queue(fixture, ...args);
    assert.deepEqual([exitCode, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^wharfinger: [^\n]+\n$/, args.join(' '));
  }
});

test('where there is no state file, none is made', async (context) => {
  const { directory } = makeState(context);
  for (const args of [['stats'], ['list'], ['retry', '--failed'], ['drop', '1']]) {
    const { exitCode, stderr } = await cli(['queue', ...args, '--state-path', `${directory}/none.db`]);
    assert.equal(exitCode, 5);
    assert.match(stderr, /there is no state file at .*none\.db/);
  }
});
