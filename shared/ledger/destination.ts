import { type BytePath, basename, dirname, join } from '../fs/byte-path.ts';
import { rememberLast } from '../remember-last.ts';

/** The longest name a Linux file system takes, in bytes. */
const NAME_MAX_BYTES = 255;

/** `ingest_date=YYYY-MM-DD` in UTC: the partition directory of an instant. */
export const partitionOf = rememberLast(
  (instantMs: number): string => `ingest_date=${new Date(instantMs).toISOString().slice(0, 10)}`,
);

/** Where a file goes below `root` (the warehouse, or the directory of duplicates) when it is decided at `instantMs`. */
export const destinationOf = (root: BytePath, instantMs: number, relative: BytePath): BytePath =>
  join(join(root, partitionOf(instantMs)), relative);

/**
 * The name for a file whose own name is taken by other content: `name.<8 hex of sha256>.ext`, and where that is taken
 * as well `name.<8 hex>.<distinct>.ext`. The stem is shortened where the name would get too long.
 */
export function withContentSuffix(destination: BytePath, sha256: Buffer, distinct?: number): BytePath {
  const name = basename(destination);
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 ? dot : name.length;
  const suffix = `.${sha256.toString('hex', 0, 4)}${distinct === undefined ? '' : `.${distinct}`}`;
  const extension = shortened(name.slice(cut), NAME_MAX_BYTES - suffix.length - 1);
  const stem = shortened(name.slice(0, cut), NAME_MAX_BYTES - suffix.length - extension.length);
  return join(dirname(destination), stem + suffix + extension);
}

/** The first bytes of a name, never ending within a character of UTF-8. */
function shortened(name: string, mostBytes: number): string {
  let end = Math.min(name.length, mostBytes);
  while (end > 0 && end < name.length && isContinuation(name.charCodeAt(end))) end -= 1;
  return name.slice(0, end);
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
