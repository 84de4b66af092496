import { utimesSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { toBytes } from '../../../shared/fs/byte-path.ts';
import type { Hand } from '../hand.ts';

/** In one go, as most are. */
export async function plain(hand: Hand): Promise<void> {
  await hand.put(hand.freshPath(), hand.freshBytes());
}

export async function large(hand: Hand): Promise<void> {
  await hand.put(hand.freshPath(), hand.freshBytes(true));
}

export async function empty(hand: Hand): Promise<void> {
  await hand.put(hand.freshPath(), Buffer.alloc(0));
}

const MOST_IN_BURST = 80;

export async function burst(hand: Hand): Promise<void> {
  const count = hand.random.whole(10, MOST_IN_BURST);
  for (let n = 0; n < count; n++) await hand.put(hand.freshPath(), hand.freshBytes());
}

/** Content that was sent before, under another name: while the first is in hand, or long after. */
export async function resent(hand: Hand): Promise<void> {
  const { contents } = hand.shared;
  const content = contents.earlier(hand.random.fraction());
  if (content !== undefined) await hand.put(hand.freshPath(), contents.bytesOf(content));
}

/** The same content several times at once. */
export async function chorus(hand: Hand): Promise<void> {
  const bytes = hand.freshBytes();
  const count = hand.random.whole(2, 5);
  for (let n = 0; n < count; n++) await hand.put(hand.freshPath(), bytes);
}

/** Chunk by chunk. */
export async function slow(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  const bytes = hand.freshBytes();
  const chunkBytes = Math.ceil(bytes.length / hand.random.whole(2, 6));
  using pen = await hand.create(path);
  for (let from = 0; from < bytes.length; from += chunkBytes) {
    await pen.write(bytes.subarray(from, from + chunkBytes));
    await hand.pause(5, 150);
  }
  await hand.complete(pen, bytes, path);
}

/** Half of it, and then nothing for longer than any wait for stability, with the file open. */
export async function stalled(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  const bytes = hand.freshBytes();
  using pen = await hand.create(path);
  await pen.write(bytes.subarray(0, bytes.length / 2));
  await hand.pause(800, 3000);
  await pen.write(bytes.subarray(bytes.length / 2));
  await hand.complete(pen, bytes, path);
}

/** Seconds since 1970: before it, at it, long ago, soon, far ahead. */
const FORGED_SECONDS = [-86_400, 0, 951_782_400, 1_893_456_000, 4_102_444_800] as const;

/** With a forged mtime, as `cp -p` leaves it, and half of them touched once more when they are closed. */
export async function forged(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  const bytes = hand.freshBytes();
  using pen = await hand.create(path);
  await pen.write(bytes);
  pen.forgeTimes(hand.random.pick(FORGED_SECONDS));
  await hand.complete(pen, bytes, path);
  const seconds = hand.random.pick(FORGED_SECONDS);
  if (hand.random.chance(0.5)) return;
  try {
    utimesSync(toBytes(path), seconds, seconds);
  } catch (error) {
    // It was taken already.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
