import { execFileSync } from 'node:child_process';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { mountLoop, unmount } from '../support/mounts.ts';
import { cutPower } from '../support/power-cut.ts';
import { tempDir } from '../support/temp.ts';
import { Wharf } from '../support/wharf.ts';
import { created } from './scenarios.ts';

const IMAGE_BYTES = 96 * 1024 * 1024;
const FILES = 40;

/**
 * Everything on one ext4 of its own; the program is stopped at `point`, the power goes, the file system comes back as the journal
 * has it, and the program runs again.
 */
export async function surviveAPowerCutAt(t: TestContext, point: CrashPoint): Promise<void> {
  const outside = tempDir(t);
  const image = join(outside, 'disk.img');
  const disk = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);

  const wharf = new Wharf(t, { root: join(disk, 'wharf') });
  for (let n = 0; n < FILES; n++)
    wharf.drop(`dir-${n % 3}/file-${n}.csv`, `content ${n}\n`.repeat(200 * (n % 7)) + n);
  // The writers of these files are not ours to distrust: what they wrote is on disk.
  execFileSync('sync');

  const pauseFile = join(outside, 'paused');
  const program = wharf.start(['--once'], { WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile });
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

  const last = await wharf.once();
  if (last.code !== 0) throw new Error(last.stderr);
  await wharf.assertAllLandedOnce();
}
