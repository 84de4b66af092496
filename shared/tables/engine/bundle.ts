import { WharfingerError } from '../../errors.ts';
import type { FileToLoad, Reject, TableSchema } from '../contract.ts';
import { FileFaultError, TargetError } from '../errors.ts';
import { failureOf } from './failure.ts';
import type { Loaded } from './fast.ts';
import { assertFewRejects, type RejectedRows, rowsOf } from './judge.ts';

/** Records of small files in one text, which DuckDB reads as one file: a hundred times faster than by themselves. Each is a line. */
export type Bundle = FileToLoad & {
  /** Negative. */
  fileId: number;
  /** In their order in it. */
  parts: readonly Part[];
};

export type Part = {
  file: FileToLoad;
  /** The line of its first row in the bundle. */
  firstLine: number;
};

export const isBundle = (file: FileToLoad): file is Bundle => 'parts' in file;

/** So many rows of a bundle may be rejected, if not more of one file may be: each of its files has a bound of its own. */
const MOST_REJECTS = 10_000;

/** How many rows of it may be rejected. */
export const mostRejects = (file: FileToLoad, maxRejects: number): number =>
  isBundle(file) ? Math.max(maxRejects, MOST_REJECTS) : maxRejects;

/**
 * A bundle, or columns of which the reader made values by what their cells look like, were not read as the audits say. The load is to be rolled back and tried again with
 * `unbundled`, which reads each file by itself and each cell as text, and finds the file that is to blame, if one is.
 */
export class BundleError extends WharfingerError {
  override readonly name = 'BundleError';

  constructor(cause?: unknown) {
    super('files were read together, or by what their cells look like, and not as expected', {
      code: 'load.bundle',
      cause,
    });
  }
}

/** What a load with bundles failed with: what is not known to be of another cause may be the bundles' doing. */
export function bundleErrorOf(error: unknown): unknown {
  if (error instanceof FileFaultError) return error.fault.fileId < 0 ? new BundleError(error) : error;
  if (!(error instanceof Error) || error instanceof WharfingerError) return error;
  // DuckDB's errors have none, but those of the system and of a server do.
  if ('code' in error || failureOf(error, '') instanceof TargetError) return error;
  return new BundleError(error);
}

type Rules = { schema: TableSchema; maxRejects: number };

/**
 * What became of the files in bundles, of what became of bundles.
 *
 * @throws FileFaultError `load.rejects` where a file has too many rejected rows, or no other rows; BundleError
 */
export function unbundle(loaded: Loaded, read: readonly FileToLoad[], rules: Rules): Loaded {
  const bundles = new Map(read.filter(isBundle).map((bundle) => [bundle.fileId, bundle]));
  if (bundles.size === 0) return loaded;
  const rejected = new Map<FileToLoad, RejectedRows>();
  const rejects = loaded.rejects.map((reject): Reject => {
    const bundle = bundles.get(reject.fileId);
    if (bundle === undefined) return reject;
    const { file, firstLine } = partAt(bundle, reject.line);
    const line = reject.line - firstLine + (rules.schema.header ? 2 : 1);
    const own = { ...reject, fileId: file.fileId, line };
    note(rejected, file, own);
    return own;
  });
  const files = loaded.files.flatMap((load) => {
    const bundle = bundles.get(load.fileId);
    if (bundle === undefined) return [load];
    const loads = bundle.parts.map(({ file }) => {
      const found = rejected.get(file) ?? NONE;
      assertFewRejects(file, found, rules);
      return { fileId: file.fileId, rows: rowsOf(file, rules.schema) - found.rows, rejects: found.rows };
    });
    if (loads.reduce((sum, each) => sum + each.rejects, 0) !== load.rejects) throw new BundleError();
    return loads;
  });
  return { files, rejects };
}

const NONE: RejectedRows = { lines: [], rows: 0, rejects: [] };

/** Rejects of a row follow one another. */
function note(rejected: Map<FileToLoad, RejectedRows>, file: FileToLoad, reject: Reject): void {
  const found = rejected.get(file) ?? { lines: [], rows: 0, rejects: [] };
  rejected.set(file, found);
  if (found.lines.at(-1) !== reject.line) {
    found.lines.push(reject.line);
    found.rows += 1;
  }
  found.rejects.push(reject);
}

function partAt({ parts, csv }: Bundle, line: number): Part {
  let low = 0;
  let high = parts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((parts[middle] as Part).firstLine <= line) low = middle;
    else high = middle;
  }
  const part = parts[low];
  if (part === undefined || line < part.firstLine || line > csv.audit.records) throw new BundleError();
  return part;
}
