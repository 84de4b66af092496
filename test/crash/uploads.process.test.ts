import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UPLOAD_CRASH_POINTS } from '../../shared/crash-points.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

/** Small files, and one that is sent in parts. */
async function prepare(t: TestContext): Promise<Pier> {
  const pier = await Pier.make(t, swift());
  for (const name of ['a.txt', 'deep/er/b.txt', 'c c.txt']) pier.drop(name, `content of ${name}`);
  pier.drop('large.bin', randomBytes(18 * MIB));
  return pier;
}

for (const point of UPLOAD_CRASH_POINTS) {
  test(`a worker killed at ${point} uploads each file once and whole`, needsSwift, async (t) => {
    const pier = await prepare(t);
    const died = join(pier.root, 'died');
    await pier.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
    assert.ok(existsSync(died), `${point} was reached`);
    const last = await pier.once();
    assert.equal(last.code, 0, last.stderr);
    await pier.assertAllUploadedOnce();
  });
}

test('every crash point of uploads is reached', needsSwift, async (t) => {
  const pier = await prepare(t);
  const trace = join(pier.root, 'trace');
  await pier.once({ WHARFINGER_CRASH_TRACE: trace });
  const reached = new Set(readFileSync(trace, 'utf8').split('\n'));
  const points = UPLOAD_CRASH_POINTS.filter((point) => reached.has(point));
  assert.deepEqual(points, [...UPLOAD_CRASH_POINTS]);
});
