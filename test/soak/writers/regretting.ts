import { renameSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, toBytes } from '../../../shared/fs/byte-path.ts';
import type { Hand } from '../hand.ts';
import { Pen, patiently } from '../pen.ts';

/** A whole file that its writer takes away or changes afterwards: whether it is taken before that is a matter of luck, and both are right. */
async function putForAWhile(hand: Hand, path: BytePath, bytes: Buffer): Promise<void> {
  using pen = await hand.create(path);
  await pen.write(bytes);
  hand.offer(bytes, path);
  pen.close();
  await hand.pause(0, 250);
}

/** Replaced by other content, by a rename onto it. */
export async function replaced(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  await putForAWhile(hand, path, hand.freshBytes());
  const bytes = hand.freshBytes();
  const temporary = await hand.prepare(bytes);
  const offer = hand.offer(bytes, path);
  await patiently(hand.signal, () => renameSync(toBytes(temporary), toBytes(path)));
  await hand.arrive(path, offer);
}

/** Removed by its writer. */
export async function withdrawn(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  await putForAWhile(hand, path, hand.freshBytes());
  await unlessTaken(() => patiently(hand.signal, () => unlinkSync(toBytes(path))));
}

/** Closed, and opened again for more, perhaps at the moment when it is taken: then it is put back, or it was taken before. */
export async function appended(hand: Hand): Promise<void> {
  const path = hand.freshPath();
  const bytes = hand.freshBytes();
  const firstBytes = hand.random.whole(1, bytes.length - 1);
  await putForAWhile(hand, path, bytes.subarray(0, firstBytes));
  using pen = await unlessTaken(() => Pen.reopen(path, hand.signal));
  if (pen === undefined) return;
  await hand.pause(0, 100);
  await pen.write(bytes.subarray(firstBytes));
  await hand.complete(pen, bytes, path);
}

async function unlessTaken<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
