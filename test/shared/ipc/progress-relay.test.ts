import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Progress } from '../../../shared/ipc/messages.ts';
import { ProgressRelay } from '../../../shared/ipc/progress-relay.ts';

const delta: Progress = {
  files: 2,
  bytes: 30,
  duplicates: 1,
  failed: 0,
  uploaded: 0,
  uploadedBytes: 0,
  loadedFiles: 0,
  loadedRows: 0,
  rejectedRows: 0,
  archivedFiles: 0,
  archivedBytes: 0,
};

test('progress is added up and reported a few times a second', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reports: Progress[] = [];
  const relay = new ProgressRelay((progress) => reports.push(progress));
  for (let step = 0; step < 100; step++) relay.add(delta);
  assert.deepEqual(reports, []);
  t.mock.timers.tick(200);
  relay.add(delta);
  t.mock.timers.tick(200);
  assert.deepEqual(reports, [
    {
      files: 200,
      bytes: 3000,
      duplicates: 100,
      failed: 0,
      uploaded: 0,
      uploadedBytes: 0,
      loadedFiles: 0,
      loadedRows: 0,
      rejectedRows: 0,
      archivedFiles: 0,
      archivedBytes: 0,
    },
    delta,
  ]);
});

test('a flush reports what there is, and nothing when there is nothing', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reports: Progress[] = [];
  const relay = new ProgressRelay((progress) => reports.push(progress));
  relay.flush();
  relay.add(delta);
  relay.flush();
  relay.flush();
  t.mock.timers.tick(1000);
  assert.deepEqual(reports, [delta]);
});
