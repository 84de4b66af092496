import type { BytePath } from '../fs/byte-path.ts';
import { ManifestFile } from './manifest-file.ts';
import type { CommittedLength, Manifests } from './manifests.ts';

/** A line and the ledger row it records. */
export type Line = { id: number; text: string };

export type Appending = {
  path: BytePath;
  manifests: Manifests;
  /**
   * The line of a row that is in flight, or undefined where no such row is. What stands behind the committed length and equals
   * it was written by a commit that did not end.
   */
  lineInFlight(id: number): string | undefined;
  /** Commits the row of a line that was found written. Called inside the transaction. */
  adopt(id: number): void;
  /** The file is shorter than what was committed: somebody cut or removed it. */
  onShortened(committedBytes: number, foundBytes: number): void;
  /**
   * Whole lines behind the committed length are of no row in flight, and are thrown away: what they tell of was given up, or the state
   * file is older than the manifest, restored from a backup for one.
   */
  onCut(lines: number): void;
  /** Called after the lines are written and before they are durable, and after: where a crash test strikes. */
  onStep(step: 'written' | 'synced'): void;
};

/**
 * Appends lines to one manifest file inside the transaction that commits their rows. To be called under the write lock,
 * which makes the committed length and the file agree: first the bytes that an unfinished commit left are adopted
 * or cut, then the lines of rows still in flight are written right behind and fsynced.
 *
 * If this throws, or the process dies before the transaction commits, the next appender finds the lines and adopts them: so a reader
 * that saw a whole line never sees it change.
 */
export function appendLines(lines: readonly Line[], appending: Appending): void {
  const file = new ManifestFile(appending.path);
  try {
    appendTo(file, lines, appending);
  } finally {
    file.close();
  }
}

function appendTo(file: ManifestFile, lines: readonly Line[], appending: Appending): void {
  const { path, manifests } = appending;
  const end = settleTail(file, appending);
  const fresh = lines.filter(({ id }) => appending.lineInFlight(id) !== undefined);
  const bytes = Buffer.from(fresh.map(({ text }) => text).join(''), 'utf8');
  if (bytes.length > 0) {
    file.writeAt(end.bytes, bytes);
    appending.onStep('written');
    file.sync();
    appending.onStep('synced');
  }
  manifests.setCommitted(path, { bytes: end.bytes + bytes.length, lines: end.lines + fresh.length });
}

const NEWLINE = 0x0a;

/** Adopts or cuts what stands behind the committed length. @returns the length that is good, all of it on disk */
function settleTail(file: ManifestFile, appending: Appending): CommittedLength {
  const committed = appending.manifests.committed(file.path);
  const sizeBytes = file.sizeBytes();
  if (sizeBytes === committed.bytes) return committed;
  if (sizeBytes < committed.bytes) {
    appending.onShortened(committed.bytes, sizeBytes);
    const whole = file.wholeLines();
    file.cut(whole.bytes);
    return whole;
  }
  const tail = file.readFrom(committed.bytes);
  let { bytes, lines } = committed;
  for (let start = 0; start < tail.length; ) {
    const newline = tail.indexOf(NEWLINE, start);
    if (newline === -1) break;
    const line = tail.subarray(start, newline + 1);
    const id = idOf(line.toString('utf8'));
    const expected = id === undefined ? undefined : appending.lineInFlight(id);
    if (id === undefined || expected === undefined || !line.equals(Buffer.from(expected, 'utf8'))) break;
    appending.adopt(id);
    bytes += newline + 1 - start;
    lines += 1;
    start = newline + 1;
  }
  const unknownLines = newlinesIn(tail.subarray(bytes - committed.bytes));
  if (unknownLines > 0) appending.onCut(unknownLines);
  file.cut(bytes);
  // Written again: where the fsync of whoever wrote it failed, the kernel takes it for clean, and would not write it now.
  file.writeAt(committed.bytes, tail.subarray(0, bytes - committed.bytes));
  file.sync();
  return { bytes, lines };
}

function newlinesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

function idOf(line: string): number | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === 'object' && record !== null && 'id' in record && typeof record.id === 'number'
      ? record.id
      : undefined;
  } catch {
    return undefined;
  }
}
