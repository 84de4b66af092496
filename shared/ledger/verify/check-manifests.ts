import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, toBytes, toText } from '../../fs/byte-path.ts';
import { Manifests } from '../../manifest/manifests.ts';
import { manifestLine, manifestPathOf } from '../../manifest/record.ts';
import type { State } from '../../state/open.ts';
import { Ledger } from '../ledger.ts';
import type { Finding, Report } from './finding.ts';
import { IdSet } from './id-set.ts';
import { type ManifestBytes, readLines } from './read-lines.ts';
import { differenceOf, parseRecord } from './record-difference.ts';
import type { Relocation } from './relocation.ts';
import type { CommittedManifest, Snapshot } from './snapshot.ts';

/** What the manifests were found to record. */
export type Recorded = {
  /** Rows that have a line. */
  ids: IdSet;
  /** Recorded paths of manifests that lack lines as a whole: their rows are not reported one by one. */
  damaged: ReadonlySet<BytePath>;
  lines: number;
};

/** Lines that share one read transaction: each of its own would take as long again, and a long one would make the log grow. */
const READ_LINES = 1000;

/**
 * Reads every manifest up to its committed length and compares each line with the row it claims to be. The name of the route is taken as
 * the line has it: a route may have been renamed since.
 */
export function checkManifests(state: State, snapshot: Snapshot, at: Relocation, report: Report): Recorded {
  const check = new ManifestCheck(state, snapshot, at, report);
  for (const manifest of snapshot.manifests) check.manifest(manifest);
  return check.recorded;
}

class ManifestCheck {
  readonly #state: State;
  readonly #ledger: Ledger;
  readonly #manifests: Manifests;
  readonly #snapshot: Snapshot;
  readonly #at: Relocation;
  readonly #report: Report;
  readonly #ids = new IdSet();
  readonly #damaged = new Set<BytePath>();
  readonly #total: number;
  #lines = 0;

  constructor(state: State, snapshot: Snapshot, at: Relocation, report: Report) {
    this.#state = state;
    this.#ledger = new Ledger(state);
    this.#manifests = new Manifests(state);
    this.#snapshot = snapshot;
    this.#at = at;
    this.#report = report;
    this.#total = snapshot.manifests.reduce((sum, manifest) => sum + manifest.committedLines, 0);
  }

  get recorded(): Recorded {
    return { ids: this.#ids, damaged: this.#damaged, lines: this.#lines };
  }

  manifest(manifest: CommittedManifest): void {
    const path = this.#at(manifest.path);
    try {
      const fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        this.#read(fd, path, manifest);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined || !(error instanceof Error)) throw error;
      this.#damaged.add(manifest.path);
      const gone = errno === 'ENOENT' || errno === 'ENOTDIR';
      const detail = gone ? `${manifest.committedLines} records were committed to it` : error.message;
      this.#report.finding({ problem: gone ? 'missing-manifest' : 'unreadable', path, detail });
    }
  }

  #read(
    fd: number,
    path: BytePath,
    { path: recordedPath, committedBytes, committedLines }: CommittedManifest,
  ): void {
    const { size } = fstatSync(fd);
    const committedNow = this.#manifests.committed(recordedPath).bytes;
    const linesBefore = this.#lines;
    this.#readLines(fd, path, committedBytes);
    const lines = this.#lines - linesBefore;
    if (size < committedBytes) {
      this.#damaged.add(recordedPath);
      const detail = `${size} bytes with ${lines} records, ${committedBytes} with ${committedLines} were committed`;
      this.#report.finding({ problem: 'short-manifest', path, detail });
    } else if (lines !== committedLines) {
      const detail = `${lines} records in ${committedBytes} bytes, ${committedLines} were committed`;
      this.#report.finding({ problem: 'line-count', path, detail });
    }
    if (size > committedNow) {
      const detail = `${size - committedNow} bytes after byte ${committedNow} are not committed`;
      this.#report.note({ note: 'uncommitted-bytes', path, detail });
    }
  }

  #readLines(fd: number, path: BytePath, endBytes: number): void {
    this.#state.exec('BEGIN');
    try {
      for (const read of readLines(fd, endBytes)) {
        this.#line(path, read);
        if (read.line % READ_LINES !== 0) continue;
        this.#state.exec('COMMIT; BEGIN');
        this.#report.progress({ step: 'manifests', done: this.#lines, total: this.#total });
      }
    } finally {
      this.#state.exec('COMMIT');
    }
  }

  #line(path: BytePath, read: ManifestBytes): void {
    if (read.ended) this.#lines += 1;
    const mistake = this.#mistakeIn(path, read);
    if (mistake !== undefined) this.#report.finding({ ...mistake, path, line: read.line });
  }

  #mistakeIn(
    path: BytePath,
    { offset, sizeBytes, bytes, ended }: ManifestBytes,
  ): Omit<Finding, 'path'> | undefined {
    const record = ended ? parseRecord(bytes?.toString('utf8')) : undefined;
    if (record === undefined || bytes === undefined) {
      return { problem: 'bad-line', detail: `${sizeBytes} bytes at byte ${offset} are not a record` };
    }
    const { id } = record;
    const { lastId, inFlight } = this.#snapshot.ledger;
    const row = this.#ledger.byId(id);
    if (row === undefined || id > lastId)
      return { problem: 'unknown-line', id, detail: 'no row of the ledger has this id' };
    if (inFlight.has(id)) return { problem: 'unknown-line', id, detail: 'the row is not committed' };
    if (!this.#ids.add(id)) {
      return {
        problem: 'repeated-line',
        id,
        detail: `${toText(row.destination)} has a record before this one`,
      };
    }
    const hour = manifestPathOf('' as BytePath, row.decidedMs);
    if (!path.endsWith(hour))
      return { problem: 'misplaced-line', id, detail: `belongs into ${hour.slice(1)}` };
    const expected = manifestLine(row, typeof record.route === 'string' ? record.route : '');
    if (bytes.equals(Buffer.from(expected, 'utf8'))) return undefined;
    return { problem: 'different-line', id, detail: differenceOf(record, expected) };
  }
}
