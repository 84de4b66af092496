import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meter, NO_RATES } from '../../../shared/metrics/meter.ts';
import { RecentRates } from '../../../shared/metrics/recent-rates.ts';

function meterAt() {
  const time = { nowMs: 0 };
  return { time, meter: new Meter({ nowMs: () => 0, monotonicMs: () => time.nowMs }) };
}

test('a mark measures from its own moment', () => {
  const { time, meter } = meterAt();
  meter.add({
    files: 100,
    bytes: 1000,
    duplicates: 1,
    failed: 1,
    uploaded: 0,
    uploadedBytes: 0,
    loadedFiles: 0,
    loadedRows: 0,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  const rates = meter.mark();
  time.nowMs = 2000;
  meter.add({
    files: 10,
    bytes: 500,
    duplicates: 0,
    failed: 0,
    uploaded: 4,
    uploadedBytes: 300,
    loadedFiles: 2,
    loadedRows: 40,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
  assert.deepEqual(rates(), {
    filesPerSecond: 5,
    bytesPerSecond: 250,
    uploadsPerSecond: 2,
    uploadBytesPerSecond: 150,
    loadsPerSecond: 1,
    rowsPerSecond: 20,
    archivedPerSecond: 0,
  });
  assert.deepEqual(meter.totals, {
    files: 110,
    bytes: 1500,
    duplicates: 1,
    failed: 1,
    uploaded: 4,
    uploadedBytes: 300,
    loadedFiles: 2,
    loadedRows: 40,
    rejectedRows: 0,
    archivedFiles: 0,
    archivedBytes: 0,
  });
});

test('without time there is no rate, and no division by nothing', () => {
  const { meter } = meterAt();
  const rates = meter.mark();
  meter.add({
    files: 1,
    bytes: 1,
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
  assert.deepEqual(rates(), NO_RATES);
});

test('recent rates forget what was before their window', () => {
  const { time, meter } = meterAt();
  const recent = new RecentRates(meter);
  meter.add({
    files: 1000,
    bytes: 0,
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
  for (let step = 0; step < 20; step++) {
    time.nowMs += 250;
    assert.ok(recent.next().filesPerSecond > 0);
  }
  time.nowMs += 250;
  assert.equal(recent.next().filesPerSecond, 0);
});
