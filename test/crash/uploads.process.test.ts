import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UPLOAD_CRASH_POINTS } from '../../shared/crash-points.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { manyUploads, surviveAKillAt } from './uploads.ts';

const swift = swiftOfFile();

for (const point of ['upload.moved-in', 'upload.part-sent', 'upload.sent', 'upload.concluded'] as const) {
  test(`a worker killed at ${point} uploads each file once and whole`, needsSwift, (t) =>
    surviveAKillAt(t, swift(), point),
  );
}

test('every crash point of uploads is reached', needsSwift, async (t) => {
  const pier = await manyUploads(t, swift());
  const trace = join(pier.root, 'trace');
  await pier.once({ WHARFINGER_CRASH_TRACE: trace });
  const reached = new Set(readFileSync(trace, 'utf8').split('\n'));
  const points = UPLOAD_CRASH_POINTS.filter((point) => reached.has(point));
  assert.deepEqual(points, [...UPLOAD_CRASH_POINTS]);
});
