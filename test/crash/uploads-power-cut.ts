import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { cannotMount, mountLoop, unmount } from '../support/mounts.ts';
import { needsSwift, type Swift } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';
import { cutPower } from '../support/power-cut.ts';
import { tempDir } from '../support/temp.ts';
import { created } from './scenarios.ts';

const MIB = 1024 * 1024;
const IMAGE_BYTES = 160 * MIB;

export const needs = { skip: needsSwift.skip === false ? (cannotMount() ?? false) : needsSwift.skip };

/** The server directory and the state file on one ext4 of their own, which the power goes off at `point`. The bucket is elsewhere. */
export async function surviveAPowerCutAt(t: TestContext, swift: Swift, point: CrashPoint): Promise<void> {
  const outside = tempDir(t);
  const image = join(outside, 'disk.img');
  const disk = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);
  const root = join(disk, 'pier');
  mkdirSync(root);
  const pier = await Pier.make(t, swift, undefined, root);
  for (let n = 0; n < 20; n++) pier.drop(`d${n % 3}/f${n}`, `content ${n}`);
  pier.drop('large.bin', randomBytes(18 * MIB));
  // Who put these files there is not ours to distrust: they are on disk.
  execFileSync('sync');

  const pauseFile = join(outside, 'paused');
  const program = pier.serve({ WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile }, '--once');
  try {
    await created(outside, pauseFile);
    cutPower(disk);
  } finally {
    await program[Symbol.asyncDispose]();
    unlinkSync(pauseFile);
  }
  unmount(disk);
  execFileSync('mount', ['-o', 'loop', image, disk]);
  t.after(() => unmount(disk));
  const last = await pier.once();
  if (last.code !== 0) throw new Error(last.stderr);
  await pier.assertAllUploadedOnce();
}
