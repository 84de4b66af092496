import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatsSource } from '../../../../apps/supervisor/stats-source.ts';
import { columnsOf } from '../../../../apps/supervisor/terminal/fit.ts';
import { progressBar } from '../../../../apps/supervisor/terminal/progress-bar.ts';
import { statusLine } from '../../../../apps/supervisor/terminal/status-line.ts';
import { createLogger } from '../../../../shared/log/logger.ts';
import { Meter } from '../../../../shared/metrics/meter.ts';
import { NO_STATS } from '../harness.ts';

const TAKES = { takes: true, sends: false };

function display(left: { ready: number; leased: number; failed?: number }) {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const meter = new Meter(clock);
  const logger = createLogger({
    level: 'silent',
    format: 'json',
    process: 'p',
    sink: { write: () => undefined },
  });
  const stats = new StatsSource(
    () => ({ ...NO_STATS, ...left, depth: left.ready + left.leased }),
    clock,
    logger,
  );
  return { time, meter, stats };
}

test('the bar tells the share done, the speed and the time left', () => {
  const { time, meter, stats } = display({ ready: 290, leased: 10 });
  const render = progressBar(meter, stats, TAKES, () => false);
  meter.add({
    files: 90,
    bytes: 9e6,
    duplicates: 8,
    failed: 2,
    uploaded: 0,
    uploadedBytes: 0,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  time.nowMs = 1000;
  assert.equal(
    render(120),
    '⚓ ████████░░░░░░░░░░░░░░░░░░░░░░ 25% · 100/400 files · failed 2 · 4s left · 90 files/s · 9.0 MB/s',
  );
  assert.ok(columnsOf(render(50)) <= 50);
});

test('what is done since the queue was read is not counted as waiting too', () => {
  const { time, meter, stats } = display({ ready: 300, leased: 0 });
  const render = progressBar(meter, stats, TAKES, () => false);
  assert.match(render(120), / 0% · 0\/300 files /);
  meter.add({
    files: 30,
    bytes: 9e6,
    duplicates: 0,
    failed: 0,
    uploaded: 0,
    uploadedBytes: 0,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  time.nowMs = 250;
  assert.match(render(120), / 10% · 30\/300 files /);
});

test('while files are still being found there is no time left to tell', () => {
  const { meter, stats } = display({ ready: 3, leased: 0 });
  assert.match(progressBar(meter, stats, TAKES, () => true)(120), /0% · 0\/3 files · looking for more/);
});

test('with nothing to do there is nothing left', () => {
  const { meter, stats } = display({ ready: 0, leased: 0 });
  assert.match(progressBar(meter, stats, TAKES, () => false)(120), / 100% · 0\/0 files · 0s left/);
});

test('the status line tells what was done and what waits', () => {
  const { time, meter, stats } = display({ ready: 500, leased: 12 });
  const render = statusLine(meter, stats, TAKES);
  meter.add({
    files: 12_345,
    bytes: 23_000_000,
    duplicates: 0,
    failed: 0,
    uploaded: 0,
    uploadedBytes: 0,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  time.nowMs = 10_000;
  assert.equal(
    render(120),
    '⚓ 12,345 committed · 1,235 files/s · 2.3 MB/s · queue 512 · waiting 0 · failed 0',
  );
});

test('what is uploaded is told beside what is taken, or alone where nothing is', () => {
  const { time, meter, stats } = display({ ready: 0, leased: 0 });
  const both = statusLine(meter, stats, { takes: true, sends: true });
  const alone = statusLine(meter, stats, { takes: false, sends: true });
  meter.add({
    files: 20,
    bytes: 2000,
    duplicates: 0,
    failed: 0,
    uploaded: 12,
    uploadedBytes: 1200,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  time.nowMs = 10_000;
  assert.equal(
    both(120),
    '⚓ 20 committed · 12 uploaded · 2 files/s · 200 B/s · 1.2 uploads/s · 120 B/s · queue 0 · waiting 0 · failed 0',
  );
  assert.equal(alone(120), '⚓ 12 uploaded · 1.2 files/s · 120 B/s · queue 0 · waiting 0 · failed 0');
});

test('the bar of uploads counts them, and a file that is taken first as two jobs', () => {
  const { time, meter, stats } = display({ ready: 6, leased: 0 });
  const alone = progressBar(meter, stats, { takes: false, sends: true }, () => false);
  const both = progressBar(meter, stats, { takes: true, sends: true }, () => false);
  meter.add({
    files: 0,
    bytes: 0,
    duplicates: 0,
    failed: 0,
    uploaded: 2,
    uploadedBytes: 200,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  time.nowMs = 1000;
  assert.match(alone(120), / 25% · 2\/8 files · 3s left · 2 files\/s · 200 B\/s$/);
  assert.match(both(120), / 25% · 2\/8 jobs /);
});

test('of loads the files are counted, and not the tasks that they are in', () => {
  const { time, meter } = display({ ready: 0, leased: 0 });
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const loads = {
    tasks: { NEW: 1, PROCESSING: 1, LOADED: 0, FAILED: 0 },
    waitingFiles: 30,
    failedFiles: 0,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    oldestUnloadedSeconds: 5,
  };
  const kinds = { load: { ready: 1, delayed: 0, leased: 1, failed: 0 } };
  const stats = new StatsSource(
    () => ({ ...NO_STATS, ready: 1, leased: 1, depth: 2, kinds, loads }),
    clock,
    createLogger({ level: 'silent', format: 'json', process: 'p', sink: { write: () => undefined } }),
  );
  const work = { takes: false, sends: false, loads: true };
  const bar = progressBar(meter, stats, work, () => false);
  const line = statusLine(meter, stats, work);
  assert.match(bar(120), / 0% · 0\/30 files /);
  const taken = { files: 0, bytes: 0, duplicates: 0, failed: 0 };
  const nothing = { ...taken, uploaded: 0, uploadedBytes: 0, archivedFiles: 0, archivedBytes: 0 };
  meter.add({ ...nothing, loadedFiles: 10, loadedRows: 5000, rejectedRows: 0 });
  time.nowMs = 500;
  assert.match(bar(120), / 33% · 10\/30 files · 1s left · 20 files\/s · 10,000 rows\/s$/);
  assert.equal(line(120), '⚓ 10 loaded · 20 files/s · 10,000 rows/s · queue 2 · to load 30 · failed 0');
});

test('failed jobs are told first in a narrow terminal', () => {
  const { meter, stats } = display({ ready: 500, leased: 12, failed: 3 });
  assert.equal(statusLine(meter, stats, TAKES)(40), '⚓ 0 committed · failed 3 · 0 files/s');
});

test('files that wait to be published are told, those that are, and a base is no file', () => {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const meter = new Meter(clock);
  const archives = { waitingFiles: 30, oldestWaitingSeconds: 5, archivedFiles: 7, archivedBytes: 70 };
  const kinds = { scavenge: { ready: 1, delayed: 0, leased: 0, failed: 0 } };
  const stats = new StatsSource(
    () => ({ ...NO_STATS, ready: 1, depth: 1, kinds, archives }),
    clock,
    createLogger({ level: 'silent', format: 'json', process: 'p', sink: { write: () => undefined } }),
  );
  const work = { takes: true, sends: false, archives: true };
  assert.match(progressBar(meter, stats, work, () => false)(120), / 0% · 0\/30 jobs /);
  assert.match(
    statusLine(meter, stats, work)(140),
    /^⚓ 0 committed · 0 archived · .* · queue 1 · waiting 0 · to publish 30 · failed 0$/,
  );
});
