import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileWindow } from '../zip/file-window.ts';
import {
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  ENTRY_BYTES,
  ENTRY_SIGNATURE,
  LOCATOR64_BYTES,
} from '../zip/format.ts';
import { entryBytesOf, parseEntry } from '../zip/read-entry.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import { isZeroFrom } from './zeros.ts';

/** The longest entry of ours: a name of 4,096 bytes and all extra fields. */
const MAX_ENTRY_BYTES = ENTRY_BYTES + 4096 + 128;
const ENDS_BYTES = END64_BYTES + LOCATOR64_BYTES + END_BYTES;
const MAX_REST_BYTES = MAX_ENTRY_BYTES + ENDS_BYTES;

/** A directory begins with one of these, or with the first bytes of it. */
const SIGNATURES = [ENTRY_SIGNATURE, END64_SIGNATURE, END_SIGNATURE].map((signature) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
});
/** Some milliseconds' worth; others get their turn then. */
const ENTRIES_A_TURN = 512;

/** Shorter, and first, it could as well be the beginning of a member. */
const MIN_SIGNATURE_BYTES = 3;

/**
 * Whether all from `offset` on is a directory that its writer did not finish: entries with their seals and the right random part, then the
 * beginning of one more, or of the end, then zeros. All members lie before it, and nothing is lost with it.
 */
export async function endsInDirectory(rest: FileWindow, offset: number, random: string): Promise<boolean> {
  let at = offset;
  for (let entries = 1; ; entries += 1) {
    const bytes = sealedBytes(rest, at, random);
    if (bytes === 0) break;
    at += bytes;
    if (entries % ENTRIES_A_TURN === 0) await nextTurn();
  }
  const tail = rest.at(at, MAX_REST_BYTES);
  const written = tail.subarray(0, tail.findLastIndex((byte) => byte !== 0) + 1);

  const minBytes = at === offset ? MIN_SIGNATURE_BYTES : 1;
  const isBeginning = SIGNATURES.some((signature) => {
    const bytes = Math.min(signature.length, written.length);
    return bytes >= minBytes && written.subarray(0, bytes).equals(signature.subarray(0, bytes));
  });
  const isDirectory = written.length === 0 ? at > offset : isBeginning;
  return isDirectory && (await isZeroFrom(rest, at + written.length));
}

/** How long the whole entry of this staging archive is that begins at `at`; 0 where none does. */
function sealedBytes(rest: FileWindow, at: number, random: string): number {
  const bytes = entryBytesOf(rest.at(at, ENTRY_BYTES)) ?? 0;
  const entry = rest.at(at, bytes);
  if (bytes === 0 || entry.length < bytes) return 0;
  try {
    return parseEntry(entry, 0, { baseOffset: 0, directoryOffset: 0 }).random === random ? bytes : 0;
  } catch (error) {
    if (error instanceof ZipFault) return 0;
    throw error;
  }
}
