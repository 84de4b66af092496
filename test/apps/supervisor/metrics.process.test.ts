import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { EnvironmentError } from '../../../shared/errors.ts';
import { event, NO_STATS, startSupervisor, uploadRoutes } from './harness.ts';

const BUSY = { ...NO_STATS, depth: 7, ready: 5, leased: 2, candidates: 3, oldestReadySeconds: 1.25 };

test('the metrics event tells rates, the queue and every process, at intervals and at the end', async (t) => {
  const run = startSupervisor(
    t,
    {
      'worker-1': {
        progress: {
          files: 10,
          bytes: 1000,
          duplicates: 0,
          failed: 0,
          uploaded: 0,
          uploadedBytes: 0,
          loadedFiles: 0,
          loadedRows: 0,
          rejectedRows: 0,
          archivedFiles: 0,
          archivedBytes: 0,
        },
      },
    },
    {},
    { readStats: () => BUSY, metricsEveryMs: 50 },
  );
  const [first] = await run.stderr.until(
    ({ event, files_per_second }) => event === 'metrics' && Number(files_per_second) > 0,
  );
  assert.ok(first);
  assert.equal(first.queue_depth, 7);
  assert.equal(first.oldest_job_seconds, 1.3);
  assert.equal(first.candidates, 3);
  assert.equal(Number(first.bytes_per_second) > 0, true);
  const processes = first.processes as { name: string; pid: number; cpu: number; rss: number }[];
  assert.deepEqual(processes.map(({ name }) => name).sort(), [
    'discoverer',
    'supervisor',
    'worker-1',
    'worker-2',
  ]);
  for (const { rss, cpu } of processes) assert.ok(rss > 1e6 && cpu >= 0);
  const soFar = run.stderr.records.length;
  run.signals.emit('SIGINT', 'SIGINT');
  await run.exit;
  assert.ok(run.stderr.records.slice(soFar).some(event('metrics')));
});

test('the metrics event tells the rates of uploads where something is uploaded', async (t) => {
  const progress = {
    files: 0,
    bytes: 0,
    duplicates: 0,
    failed: 0,
    uploaded: 10,
    uploadedBytes: 1000,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  };
  const run = startSupervisor(
    t,
    { 'worker-1': { progress } },
    { uploadRoutes: uploadRoutes('red') },
    { metricsEveryMs: 50 },
  );
  const [first] = await run.stderr.until(
    ({ event, uploads_per_second }) => event === 'metrics' && Number(uploads_per_second) > 0,
  );
  assert.equal(Number(first?.upload_bytes_per_second) > 0, true);
  assert.equal(first?.files_per_second, 0);
  run.signals.emit('SIGINT', 'SIGINT');
  await run.exit;
});

test('the metrics server answers a scrape, health and readiness', async (t) => {
  const kinds = { ingest: { ready: 5, delayed: 0, leased: 2, failed: 1 } };
  const sums = {
    committed: 12,
    committedBytes: 3400,
    duplicates: 2,
    uploaded: 5,
    uploadedBytes: 600,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  };
  const stats = { ...BUSY, ...sums, failed: 1, overdue: 1, kinds };
  const run = startSupervisor(
    t,
    { 'worker-1': { diesBySignal: 'SIGKILL', lives: 1 } },
    { metricsPort: 0 },
    { readStats: () => stats },
  );
  const [listening] = await run.stderr.until(event('metrics.listening'));
  const url = String(listening?.url);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const at = (path: string) => fetch(new URL(path, url));
  assert.equal((await at('/healthz')).status, 200);
  await run.stderr.until(event('child.started'), 4);
  assert.equal((await at('/readyz')).status, 200);
  assert.equal((await at('/nothing')).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);

  const response = await at('/metrics');
  assert.match(String(response.headers.get('content-type')), /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (const line of [
    'wharfinger_files_committed_total 12',
    'wharfinger_bytes_committed_total 3400',
    'wharfinger_files_uploaded_total 5',
    'wharfinger_bytes_uploaded_total 600',
    'wharfinger_duplicates_total 2',
    'wharfinger_failed_jobs 1',
    'wharfinger_queue_depth{kind="ingest",state="ready"} 5',
    'wharfinger_queue_depth{kind="ingest",state="failed"} 1',
    'wharfinger_candidates 3',
    'wharfinger_overdue_files 1',
    'wharfinger_oldest_ready_seconds 1.25',
    'wharfinger_worker_restarts_total 1',
    `wharfinger_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`);
  }
  assert.match(text, /^wharfinger_process_resident_bytes\{name="worker-2"\} \d{6,}$/m);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  await assert.rejects(at('/healthz'));
});

test('without a discoverer that lives it is not ready', async (t) => {
  const run = startSupervisor(t, { discoverer: { crashesAtStart: true } }, { metricsPort: 0 });
  const [listening] = await run.stderr.until(event('metrics.listening'));
  await run.stderr.until(({ event, name }) => event === 'child.started' && /worker/.test(String(name)), 2);
  const { status } = await fetch(new URL('/readyz', String(listening?.url)));
  assert.equal(status, 503);
  run.signals.emit('SIGINT', 'SIGINT');
  await run.exit;
});

test('a metrics port that is in use is one clear error before anything is forked', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const run = startSupervisor(t, {}, { metricsPort: port });
  await assert.rejects(run.exit, (error) => {
    assert.ok(error instanceof EnvironmentError);
    assert.equal(error.message, `port ${port} for the metrics is in use by another program`);
    assert.match(String(error.hint), /--metrics-port/);
    return true;
  });
  assert.deepEqual(run.notes(), []);
});

test('a state file that cannot be read is said once and does not end the program', async (t) => {
  const refuse = () => {
    throw new EnvironmentError('the state file is locked', { code: 'state.locked' });
  };
  const run = startSupervisor(t, {}, {}, { readStats: refuse, metricsEveryMs: 20 });
  await run.stderr.until(event('metrics'), 3);
  run.signals.emit('SIGINT', 'SIGINT');
  assert.equal(await run.exit, 0);
  assert.equal(run.stderr.records.filter(event('metrics.refused')).length, 1);
});
