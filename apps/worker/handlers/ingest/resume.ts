import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { type BytePath, dirname, isWithin, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { fsyncDirectory } from '../../../../shared/fs/durable.ts';
import { hashLarge } from '../../../../shared/fs/hash-file.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { assertHeld } from '../../fence.ts';
import { finishCopy, temporaryName } from './copy-across.ts';
import {
  type Accepted,
  type DecidedFile,
  ended,
  type InFlight,
  type PlacedFile,
  type Step,
} from './custody.ts';
import { originalIsThere } from './original.ts';
import { contentOfInFlight, withOtherName } from './other-name.ts';
import { placeOf } from './place.ts';
import type { PlaceContext } from './place-context.ts';
import { nameTaken, placed } from './placed.ts';
import { putBack, returnToName } from './put-back.ts';
import { removeIfThere } from './remove-if-there.ts';
import { sidecarSeenBefore } from './sidecar.ts';
import { discardCopy, steppedAsideName, takeAway } from './take-away.ts';
import { endOfTouched, isUntouched } from './touched.ts';
import { isDecidedInode, meddlingWith } from './watch-behind.ts';

type Resumed = Step<PlacedFile | DecidedFile>;

/**
 * Goes on with a file whose holder died after deciding. What is on disk says how far it came; see the table in docs/design.md.
 * What was placed before the crash is hashed again: a writer may have had time.
 *
 * @returns a placed file, one that is still to be placed (open, as it was decided), or its end
 */
export async function resumeFile(
  accepted: Accepted,
  inFlight: InFlight,
  context: PlaceContext,
): Promise<Resumed> {
  const { destination, source } = inFlight.row;
  const file = decidedFile(accepted, inFlight, NO_FD);
  const aside = steppedAsideName(inFlight);
  removeUnfinished(file, aside, context);
  if (destination !== undefined && isDecidedInode(lstatIfThere(destination), inFlight)) {
    return await withOpen(file, destination, (open) => checkRenamed(open, destination, context));
  }
  if (isDecidedInode(lstatIfThere(aside), inFlight)) {
    return await withOpen(file, aside, (open) => finishAside(open, context));
  }
  // Another file that took the name just before it was moved: whatever else is found, it gets its name back.
  if (lstatIfThere(aside) !== undefined) returnToName(file, aside, context);
  // Asked before the copy is hashed, which can take long: what is touched meanwhile is touched, and not gone.
  const wasUntouched = isUntouched(inFlight);
  if (destination !== undefined && (await isOurCopy(file, destination, context))) {
    if (wasUntouched) return await withOpen(file, source, (open) => finishCopy(open, context));
    // That it went may not be durable yet.
    context.directories.touched(source);
    return placed(file);
  }
  return isUntouched(inFlight) ? placeAnew(file, context) : endOfLost(file, context);
}

const NO_FD = -1;

/** Of a step that was not finished: a copy in progress, and the second name of a file that was just stepping aside by link and unlink. */
function removeUnfinished(file: DecidedFile, aside: BytePath, context: PlaceContext): void {
  const { inFlight } = file;
  const { destination, source } = inFlight.row;
  assertHeld(file, context);
  if (destination !== undefined) removeIfThere(temporaryName(inFlight, destination));
  const hasBothNames = [source, aside].every((name) => isDecidedInode(lstatIfThere(name), inFlight));
  if (hasBothNames) removeIfThere(aside);
}

/** Renamed before the crash: still what was decided, or put back. */
async function checkRenamed(
  file: DecidedFile,
  destination: BytePath,
  context: PlaceContext,
): Promise<Resumed> {
  context.directories.touched(destination);
  context.directories.touched(file.job.key);
  if (isDecidedInode(lstatIfThere(file.job.key), file.inFlight)) {
    // The committed file of another row, linked back into the input under its name: nothing was moved, and nothing there is ours.
    if (context.store.isSameOfAnotherRow(file.inFlight, destination)) {
      return endOfTouched(file) ?? placeAnew(file, context);
    }
    // Moved by link and unlink, and died between: it has not moved.
    discardCopy(file, context);
    return endOfTouched(file) ?? ended(file, { end: 'released' });
  }
  const meddling = meddlingWith(file.fd, destination, file.inFlight);
  if (meddling !== undefined) return putBack(file, destination, meddling, context);
  const { sha256 } = await hashLarge(file.fd, { signal: context.signal });
  if (sha256.equals(contentOfInFlight(file.inFlight))) return placed(file);
  const rewritten = { waitsFor: 'stability', why: 'it was written to while it was taken' } as const;
  return putBack(file, destination, rewritten, context);
}

/** Stepped aside before the crash: it goes if its content is safe, otherwise it gets its name back. */
async function finishAside(file: DecidedFile, context: PlaceContext): Promise<Step<PlacedFile>> {
  const { destination } = file.inFlight.row;
  const isSafe =
    destination === undefined ? originalIsThere(file.inFlight) : await isOurCopy(file, destination, context);
  if (isSafe) return takeAway(file, context) ?? placed(file);
  const why = 'its content is not where it was placed';
  return putBack(file, steppedAsideName(file.inFlight), { waitsFor: 'stability', why }, context);
}

/** Whether the destination is the copy that was made of this file; if so it is durable when this returns. */
async function isOurCopy(file: DecidedFile, destination: BytePath, context: PlaceContext): Promise<boolean> {
  const { inFlight } = file;
  const stats = lstatIfThere(destination);
  if (stats?.isFile() !== true || stats.size !== BigInt(inFlight.row.sizeBytes)) return false;
  // The same content under the same name, from before: its own row answers for it.
  if (context.store.isSameOfAnotherRow(inFlight, destination)) return false;
  const fd = open(destination);
  try {
    const { sha256 } = await hashLarge(fd, { signal: context.signal });
    if (!sha256.equals(contentOfInFlight(inFlight))) return false;
    fsyncSync(fd);
    fsyncDirectory(dirname(destination));
    return true;
  } finally {
    closeSync(fd);
  }
}

/** Nothing was moved. Where the configuration names another place by now, it goes there. */
function placeAnew(file: DecidedFile, context: PlaceContext): Step<DecidedFile> {
  const { destination, source } = file.inFlight.row;
  const isAtPlace = destination === undefined || isWithin(placeOf(file), destination);
  const going = isAtPlace ? file : withOtherName(file, context);
  return going === undefined ? nameTaken(file) : { ...going, fd: open(source) };
}

/** Neither the file that was decided nor a copy of it is anywhere. */
function endOfLost(file: DecidedFile, context: PlaceContext): Step<PlacedFile> {
  const { inFlight } = file;
  const { destination, source } = inFlight.row;
  const isThere = lstatIfThere(source) !== undefined;
  if (inFlight.type === 'duplicate' && inFlight.row.action === 'delete' && !isThere) {
    context.directories.touched(source);
    return placed(file);
  }
  if (!isThere && destination !== undefined && cameAfterDecision(destination, file, context)) {
    const meddling = { waitsFor: 'stability', why: 'another file had taken its name' } as const;
    return putBack(file, destination, meddling, context);
  }
  if (!isThere && destination !== undefined && isAway(destination, file)) {
    const reason = `it was on its way to ${toText(destination)}, and its directory is not there: mount its file system, then retry this job`;
    return ended(file, { end: 'failed', reason });
  }
  return endOfTouched(file) ?? ended(file, { end: 'released' });
}

/**
 * Whether a destination cannot be seen: its directory is missing, and no mark tells that its file system is mounted. So after the
 * configuration has come to name another place.
 */
const isAway = (destination: BytePath, { route }: DecidedFile): boolean =>
  !isWithin(route.warehouse, destination) && lstatIfThere(dirname(destination)) === undefined;

/**
 * Whether what stands at the destination got there after the decision: a file that took the name of the decided one right before it was
 * moved. A destination is only ever decided on for good when its name is free.
 */
function cameAfterDecision(
  destination: BytePath,
  { inFlight }: DecidedFile,
  { store }: PlaceContext,
): boolean {
  const stats = lstatIfThere(destination);
  if (stats?.isFile() !== true) return false;
  const decidedNs = BigInt(inFlight.row.decidedMs) * NS_PER_MS;
  return stats.ctimeNs >= decidedNs - KERNEL_TICK_NS && !store.isOfAnotherRow(inFlight, destination);
}

const NS_PER_MS = 1_000_000n;
/** The kernel stamps files with the time of its last tick. */
const KERNEL_TICK_NS = 10n * NS_PER_MS;

async function withOpen<T>(
  file: DecidedFile,
  path: BytePath,
  work: (file: DecidedFile) => T | Promise<T>,
): Promise<T> {
  const fd = open(path);
  try {
    return await work({ ...file, fd });
  } finally {
    closeSync(fd);
  }
}

const open = (path: BytePath): number =>
  openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

function decidedFile(accepted: Accepted, inFlight: InFlight, fd: number): DecidedFile {
  const { device, inode, sizeBytes, mtimeNs, ctimeNs } = inFlight.row;
  const content = { sha256: contentOfInFlight(inFlight), device, inode, sizeBytes, mtimeNs, ctimeNs };
  const sidecar = sidecarSeenBefore(accepted.job, inFlight.row.decidedMs);
  return { ...accepted, fd, content, inFlight, sidecar };
}
