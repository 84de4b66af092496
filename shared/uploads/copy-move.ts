import { type BigIntStats, closeSync, renameSync } from 'node:fs';
import { EnvironmentError, errnoOf, WharfingerError } from '../errors.ts';
import { type BytePath, dirname, toBytes } from '../fs/byte-path.ts';
import { makeDirectoryDurable } from '../fs/durable.ts';
import { lstatIfSeen } from '../fs/lstat.ts';
import { renameNoReplace } from '../linux/rename.ts';
import type { Copied } from './copies.ts';
import { makeDurable, makeNamesDurable } from './copy-durable.ts';
import { atPlace, nameTaken, refusal } from './copy-faults.ts';
import type { CopyPoints } from './copy-points.ts';
import type { CopyRecords, CopyTarget } from './copy-records.ts';
import { whatIsAt } from './copy-taken.ts';
import { discardTemporary, type Temporary } from './copy-temporary.ts';

/** A name that comes and goes again and again, and directories that do, are an error after so many times. */
const ATTEMPTS = 16;

export type MoveContext = {
  records: CopyRecords;
  known: Set<BytePath>;
  points: CopyPoints;
  /** A file of that name with other content is replaced. */
  force: boolean;
  signal?: AbortSignal;
};

/** Where a copy goes: its name in `incoming`, below the directory of its profile there. */
export type Places = { next: BytePath; root: BytePath; target: CopyTarget };

/** A whole copy in `incoming_tmp`; whoever has it delivers or discards it. */
export type Whole = { temporary: Temporary; places: Places; stats: BigIntStats; sha256: Buffer };

/** What has become of a copy: it is in `incoming`; or a fault of this file alone. */
export type Delivery = Copied | WharfingerError;

type Moved = { whole: Whole; record: number; outcome: Copied['outcome'] | WharfingerError };

/**
 * Gives whole copies their names in `incoming`, all of them together: data durable, recorded, renamed, names durable, recorded. `done` is
 * told of each when nothing more can happen to it. None of them is left in `incoming_tmp` when this returns or throws.
 *
 * @throws EnvironmentError, or the signal's reason, after those that were moved before were told
 */
export async function deliverCopies(
  wholes: readonly Whole[],
  context: MoveContext,
  done: (whole: Whole, delivery: Delivery) => void,
): Promise<void> {
  const { records, points } = context;
  const left = new Set(wholes);
  try {
    await makeDurable(wholes.map(({ temporary }) => ({ fd: temporary.lockFd, path: temporary.path })));
    points.reach('copy-in.written');
    const ids = records.begin(
      wholes.map(({ temporary, places: { next, target }, stats }) => {
        return { target, file: { path: temporary.path, nextPath: next, stats } };
      }),
    );
    points.reach('copy-in.recorded');
    const { moved, failure } = await moveAll(wholes, ids, context);
    points.reach('copy-in.renamed');
    const arrived = moved.filter(isArrived);
    makeNamesDurable(arrived.flatMap(({ whole }) => [whole.places.next, whole.temporary.path]));
    points.reach('copy-in.directories-durable');
    const arrivedIds = new Set(arrived.map(({ record }) => record));
    records.settle(
      arrived.map(({ record, whole }) => ({ id: record, path: whole.places.next })),
      ids.filter((id) => !arrivedIds.has(id)),
    );
    points.reach('copy-in.arrived');
    for (const one of moved) {
      left.delete(one.whole);
      if (isArrived(one)) closeSync(one.whole.temporary.lockFd);
      else discardTemporary(one.whole.temporary);
      done(one.whole, deliveryOf(one));
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    for (const { temporary } of left) discardTemporary(temporary);
  }
}

const isArrived = ({ outcome }: Moved): boolean => outcome === 'copied' || outcome === 'replaced';

function deliveryOf({ whole, record, outcome }: Moved): Delivery {
  if (outcome instanceof WharfingerError) return outcome;
  const { places, stats, sha256 } = whole;
  const sizeBytes = Number(stats.size);
  return {
    outcome,
    path: places.next,
    sizeBytes,
    sha256,
    record: outcome === 'present' ? undefined : record,
  };
}

/** One after the other, up to the first whose failure is not its own. */
async function moveAll(
  wholes: readonly Whole[],
  ids: readonly number[],
  context: MoveContext,
): Promise<{ moved: Moved[]; failure?: { error: unknown } }> {
  const moved: Moved[] = [];
  for (const [index, whole] of wholes.entries()) {
    const record = ids[index];
    if (record === undefined) throw new Error('every copy has a record');
    try {
      moved.push({ whole, record, outcome: await move(whole, context) });
    } catch (error) {
      if (!(error instanceof WharfingerError) || error instanceof EnvironmentError)
        return { moved, failure: { error } };
      moved.push({ whole, record, outcome: error });
    }
  }
  return { moved };
}

async function move(
  { temporary, places: { next, root }, stats, sha256 }: Whole,
  { force, known, signal, records }: MoveContext,
): Promise<Copied['outcome']> {
  const content = { sizeBytes: stats.size, sha256: () => Promise.resolve(sha256) };
  for (let attempt = 1; ; attempt += 1) {
    atPlace(next, () => makeDirectoryDurable(root, dirname(next), known));
    try {
      renameNoReplace(temporary.path, next);
      return 'copied';
    } catch (error) {
      const errno = errnoOf(error);
      if (attempt === ATTEMPTS || (errno !== 'EEXIST' && errno !== 'ENOENT')) throw refusal(next, error);
      // A directory that was known to be there was empty, and taken away.
      if (errno === 'ENOENT') known.clear();
    }
    const found = await whatIsAt(next, content, signal);
    if (found === 'same') return 'present';
    if (found === 'directory' || (found === 'other' && !force)) throw nameTaken(next, found);
    if (found === 'other') {
      replace(temporary.path, next, records);
      return 'replaced';
    }
  }
}

/** A server that has just moved the other one on has it in hand: then nothing is replaced. */
function replace(from: BytePath, next: BytePath, records: CopyRecords): void {
  const before = lstatIfSeen(next);
  atPlace(next, () => renameSync(toBytes(from), toBytes(next)));
  if (before !== undefined) records.gone(before, 'another copy replaced it before it was taken');
}
