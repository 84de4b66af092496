import { linkSync, mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, dirname, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { renameNoReplace } from '../../../shared/linux/rename.ts';
import type { Hand } from '../hand.ts';
import { patiently } from '../pen.ts';

async function rename(hand: Hand, from: BytePath, to: BytePath): Promise<void> {
  await patiently(hand.signal, () => {
    mkdirSync(toBytes(dirname(to)), { recursive: true });
    renameSync(toBytes(from), toBytes(to));
  });
}

/** Under a temporary name, and renamed when done. */
export async function renamed(hand: Hand): Promise<void> {
  const bytes = hand.freshBytes();
  const path = hand.freshPath();
  const temporary = await hand.prepare(bytes);
  const offer = hand.offer(bytes, path);
  await rename(hand, temporary, path);
  await hand.arrive(path, offer);
}

/** A log that gets its next name while its daemon has it open and goes on writing to it. */
export async function rotated(hand: Hand): Promise<void> {
  const bytes = hand.freshBytes();
  const current = hand.freshPath();
  const path = hand.freshPath();
  using pen = await hand.create(current);
  await pen.write(bytes.subarray(0, bytes.length / 2));
  await hand.pause(0, 600);
  await rename(hand, current, path);
  await hand.pause(0, 600);
  await pen.write(bytes.subarray(bytes.length / 2));
  await hand.complete(pen, bytes, path);
}

const OFTEN_USED_NAMES = 8;
const TRIES = 20;

/** Other content under a name that is used again and again, as soon as it is free. */
export async function sameName(hand: Hand): Promise<void> {
  const path = join(hand.input, `daily-${hand.random.whole(1, OFTEN_USED_NAMES)}.csv`);
  const bytes = hand.freshBytes();
  const temporary = await hand.prepare(bytes);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      await patiently(hand.signal, () => renameNoReplace(temporary, path));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      await hand.pause(10, 60);
      continue;
    }
    // Nobody else runs between the rename and this.
    await hand.arrive(path, hand.offer(bytes, path));
    return;
  }
  unlinkSync(toBytes(temporary));
}

/** One file under two or three names. */
export async function hardLinked(hand: Hand): Promise<void> {
  const bytes = hand.freshBytes();
  const temporary = await hand.prepare(bytes);
  const count = hand.random.whole(2, 3);
  for (let n = 0; n < count; n++) {
    const path = join(hand.input, hand.shared.names.fresh(hand.random));
    const offer = hand.offer(bytes, path);
    await patiently(hand.signal, () => linkSync(toBytes(temporary), toBytes(path)));
    await hand.arrive(path, offer);
    await hand.pause(0, 20);
  }
  await patiently(hand.signal, () => unlinkSync(toBytes(temporary)));
}
