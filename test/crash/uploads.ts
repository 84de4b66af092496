import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../shared/crash-points.ts';
import type { Swift } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const MIB = 1024 * 1024;

/** Small files, and one that is sent in parts. */
export async function manyUploads(t: TestContext, swift: Swift): Promise<Pier> {
  const pier = await Pier.make(t, swift);
  for (const name of ['a.txt', 'deep/er/b.txt', 'c c.txt']) pier.drop(name, `content of ${name}`);
  pier.drop('large.bin', randomBytes(18 * MIB));
  return pier;
}

/** A worker is killed at `point`, and what comes after it uploads each file once and whole. */
export async function surviveAKillAt(t: TestContext, swift: Swift, point: CrashPoint): Promise<void> {
  const pier = await manyUploads(t, swift);
  const died = join(pier.root, 'died');
  await pier.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
  assert.ok(existsSync(died), `${point} was reached`);
  const last = await pier.once();
  assert.equal(last.code, 0, last.stderr);
  await pier.assertAllUploadedOnce();
}
