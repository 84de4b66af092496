import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LoadCrashPoint } from '../../shared/tables/load-crash-points.ts';
import { Granary } from '../support/granary.ts';
import { mountLoop, unmount } from '../support/mounts.ts';
import { cutPower } from '../support/power-cut.ts';
import { tempDir } from '../support/temp.ts';
import type { MakePlace } from './loads.ts';
import { created } from './scenarios.ts';

const IMAGE_BYTES = 160 * 1024 * 1024;

/** Input, warehouse, state file, and the target where it is a file or a directory, on one ext4, which the power goes off at `point`. */
export async function surviveAPowerCutAt(
  t: TestContext,
  makePlace: MakePlace,
  point: LoadCrashPoint,
): Promise<void> {
  const outside = tempDir(t);
  const image = join(outside, 'disk.img');
  const disk = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);
  const granary = new Granary(t, makePlace, { root: join(disk, 'granary') });
  for (let n = 0; n < 8; n++) granary.drop(`f${n}.csv`, n * 100, 50);
  // Who put these files there is not ours to distrust: they are on disk.
  execFileSync('sync');

  const pauseFile = join(outside, 'paused');
  const program = granary.run({ WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile }, '--once');
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
  const last = await granary.once();
  assert.equal(last.code, 0, last.stderr);
  await granary.assertAllLoadedOnce();
}
