import { METHODS } from '../../../shared/archives/contract.ts';
import type { DirectoryEntry } from '../../../shared/archives/zip/read-directory.ts';
import { escapeControls } from '../format/text.ts';

/** A date has no more milliseconds before or after 1970; a file may say anything. */
const MAX_DATE_MS = 8.64e15;

/** -rw-r--r--  1,234  2024-11-02 10:00:00  a/b */
export function memberText(entry: DirectoryEntry): string {
  const size = String(entry.sizeBytes).padStart(SIZE_WIDTH);
  const time = (isoOf(entry.mtimeMs) ?? '?').slice(0, 19).replace('T', ' ').padEnd(TIME_WIDTH);
  return `${modeText(entry.mode)}  ${size}  ${time}  ${escapeControls(entry.name)}${notesOf(entry)}\n`;
}

/** Wide enough for most; a larger number moves what is behind it. */
const SIZE_WIDTH = 11;
const TIME_WIDTH = 19;

function notesOf({ isEncrypted, method }: DirectoryEntry): string {
  const notes = [
    ...(isEncrypted ? ['encrypted'] : []),
    ...(METHOD_NAMES.has(method) ? [] : [`method ${method}`]),
  ];
  return notes.length === 0 ? '' : `  (${notes.join(', ')})`;
}

export function memberJson(volume: string, entry: DirectoryEntry): Record<string, unknown> {
  const { name, nameBytes, sizeBytes, packedBytes, method, crc32, sha256, mode, mtimeMs, isEncrypted } =
    entry;
  return {
    name,
    // Another encoding, or bytes of none.
    ...(Buffer.from(name, 'utf8').equals(nameBytes) ? {} : { name_base64: nameBytes.toString('base64') }),
    size: sizeBytes,
    packed: packedBytes,
    method: METHOD_NAMES.get(method) ?? String(method),
    crc32: crc32.toString(16).padStart(8, '0'),
    sha256: sha256?.toString('hex') ?? null,
    mode: mode.toString(8),
    mtime: isoOf(mtimeMs) ?? null,
    encrypted: isEncrypted,
    volume,
  };
}

const METHOD_NAMES: ReadonlyMap<number, string> = new Map([
  [METHODS.store, 'stored'],
  [METHODS.deflate, 'deflated'],
]);

/** Undefined for what no date can be. */
const isoOf = (ms: number): string | undefined =>
  Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : undefined;

const TYPES: ReadonlyMap<number, string> = new Map([
  [0o010000, 'p'],
  [0o020000, 'c'],
  [0o040000, 'd'],
  [0o060000, 'b'],
  [0o120000, 'l'],
  [0o140000, 's'],
]);

/** As `ls` shows it. */
export function modeText(mode: number): string {
  const type = TYPES.get(mode & 0o170000) ?? '-';
  const letters = Array.from('rwxrwxrwx', (letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'));
  for (const [bit, index, letter] of SPECIAL) {
    if ((mode & bit) === 0) continue;
    letters[index] = letters[index] === 'x' ? letter : letter.toUpperCase();
  }
  return type + letters.join('');
}

const SPECIAL = [
  [0o4000, 2, 's'],
  [0o2000, 5, 's'],
  [0o1000, 8, 't'],
] as const;
