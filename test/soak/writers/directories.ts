import { renameSync, rmdirSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, dirname, join, toBytes } from '../../../shared/fs/byte-path.ts';
import type { Hand } from '../hand.ts';
import { patiently, syncUpTo } from '../pen.ts';

const TREES = 5;
const DEEPEST = 6;
const LONGEST_NAME = 255;

/** Files in deep directories that others use too, and that whoever is done removes as soon as they are empty. */
export async function nested(hand: Hand): Promise<void> {
  const { random, input } = hand;
  let directory = join(input, `tree-${random.whole(1, TREES)}`);
  const depth = random.whole(1, DEEPEST);
  for (let n = 0; n < depth; n++) directory = join(directory, `${n}`);
  const count = random.whole(1, 4);
  for (let n = 0; n < count; n++) {
    const path = join(directory, hand.shared.names.fresh(random));
    await hand.put(path, hand.freshBytes());
  }
  await hand.pause(50, 800);
  for (let at = directory; at !== input && isRemoved(at); at = dirname(at));
}

function isRemoved(directory: BytePath): boolean {
  try {
    rmdirSync(toBytes(directory));
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return true;
    if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return false;
    throw error;
  }
}

/** A directory full of files that gets another name while they are being taken. */
export async function movedDirectory(hand: Hand): Promise<void> {
  const { random, input, shared } = hand;
  const from = join(input, `batch-${shared.names.fresh(random)}`.slice(0, LONGEST_NAME));
  const to = join(input, `moved-${shared.names.fresh(random)}`.slice(0, LONGEST_NAME));
  const count = random.whole(1, 12);
  for (let n = 0; n < count; n++) await hand.put(join(from, shared.names.fresh(random)), hand.freshBytes());
  await hand.pause(0, 200);
  await patiently(hand.signal, () => renameSync(toBytes(from), toBytes(to)));
  if (hand.syncs) await syncUpTo(input, to, hand.signal);
}
