import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ArchiveCrashPoint } from '../../shared/archives/contract.ts';
import { EXIT } from '../../shared/errors.ts';
import { assertAllThere } from '../soak/archives/assert-all-there.ts';
import { Hand } from '../soak/archives/hand.ts';
import { Host } from '../soak/archives/host.ts';
import type { Noted } from '../soak/archives/journal.ts';
import { leaseInForce } from '../soak/archives/lease.ts';
import { OpenHand } from '../soak/archives/open-hand.ts';
import { cannotReadArchives } from '../soak/archives/read-archives.ts';
import { cannotMount, mountLoop, unmount } from '../support/mounts.ts';
import { cutPower } from '../support/power-cut.ts';
import { Program, runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp.ts';
import { created } from './scenarios.ts';

const MIB = 1024 * 1024;
const IMAGE_BYTES = 128 * MIB;
const VOLUME_BYTES = 20_000;

export const needs = { skip: cannotMount() ?? cannotReadArchives() ?? false };

/**
 * Some archives are there, one of them with a full volume; what is staged goes into them and into new ones. The real command is
 * stopped at `point`, the power goes, it runs on in vain, the disk comes back as the journal has it, and the command runs again.
 */
export async function surviveAPowerCutAt(t: TestContext, point: ArchiveCrashPoint): Promise<void> {
  const outside = tempDir(t);
  const image = join(outside, 'disk.img');
  const disk = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);
  const base = join(disk, 'archives');
  mkdirSync(base);
  // Who makes the base has it on disk.
  execFileSync('sync', ['-f', disk]);
  const command = ['archive', 'scavenge', base, '--volume-bytes', `${VOLUME_BYTES}`];

  const noted = await depositIn(base, 'first');
  const first = await runProgram(command);
  assert.equal(first.code, 0, first.stderr);
  await depositIn(base, 'second', noted);
  if (point === 'scavenge.taken') noted.push(...(await leftOpen(base)));

  const pauseFile = join(outside, 'paused');
  const program = new Program(command, {
    WHARFINGER_PAUSE_AT: point,
    WHARFINGER_PAUSE_FILE: pauseFile,
  });
  try {
    await Promise.race([created(outside, pauseFile), endedBefore(program, point)]);
    cutPower(disk);
    // It goes on against a dead disk, and says so, where anything was left to be done.
    unlinkSync(pauseFile);
    const { code, stderr } = await program.exited;
    assert.ok(
      [EXIT.done, EXIT.filesFailed, EXIT.environment].some((exit) => exit === code),
      stderr,
    );
  } finally {
    await program[Symbol.asyncDispose]();
  }
  unmount(disk);
  execFileSync('mount', ['-o', 'loop', image, disk]);
  t.after(() => unmount(disk));

  // A machine that comes back does not know who had the lease: it waits for a minute, which is let go by here.
  const lease = leaseInForce(base);
  if (lease !== undefined) writeFileSync(join(lease.directory, 'released'), '');
  const last = await runProgram(command);
  assert.equal(last.code, 0, last.stderr);
  const { versions, damaged } = await assertAllThere(base, noted);
  assert.deepEqual([versions, damaged], [1, []]);
}

/** Names that both have with the same content, one with another, and many of their own. */
async function depositIn(base: string, of: string, noted: Noted[] = []): Promise<Noted[]> {
  await using hand = await Hand.open(base, noted);
  await hand.deposit('old.zip', 'same', 'the same content');
  await hand.deposit('old.zip', 'other', `the content of the ${of}`);
  await hand.deposit('old.zip', `large-${of}`, randomBytes(VOLUME_BYTES));
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => hand.deposit(`${of}/new-${n % 2}.zip`, `d/${n}`, `${of} ${n}`)),
  );
  return noted;
}

/** By a writer that was killed. */
async function leftOpen(base: string): Promise<Noted[]> {
  await using hand = await OpenHand.start(Host.here(), base, 'a', 'b', 'c');
  return hand.noted;
}

async function endedBefore(program: Program, point: ArchiveCrashPoint): Promise<never> {
  const { code, stderr } = await program.exited;
  throw new Error(`it ended with code ${code} and never came to ${point}: ${stderr}`);
}
