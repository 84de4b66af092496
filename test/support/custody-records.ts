import { readFileSync } from 'node:fs';
import { type BytePath, fromBytes, toBytes, toText } from '../../shared/fs/byte-path.ts';
import type { State } from '../../shared/state/open.ts';
import { filesBelow } from './wharf.ts';

export type LedgerRecord = {
  id: number;
  state: 'in_flight' | 'committed';
  source: BytePath;
  destination: BytePath;
  sha256: string;
  decidedMs: number;
};
export type DuplicateRecord = {
  id: number;
  ledgerId: number;
  state: 'in_flight' | 'settled';
  action: string;
  source: BytePath;
  destination: BytePath | undefined;
};
export type JobRecord = {
  id: number;
  path: BytePath;
  state: string;
  lane: string;
  reason: string | null;
  attempts: number;
  runAtMs: number;
};
export type CandidateRecord = { path: BytePath; waitsFor: string; fingerprint: string; dueMs: number | null };

/** A line of a manifest, as a reader of JSON sees it. */
export type ManifestRecord = {
  path: string;
  sha256: string;
  device: number;
  inode: number;
  size: number;
  mtime: number;
  source: string;
  ingested_at: string;
  id: number;
  route: string;
  path_base64?: string;
  source_base64?: string;
};

type Bytes<Row, Keys extends keyof Row> = Omit<Row, Keys> & Record<Keys, Buffer>;

/** What the state file says, in words of its own: the tests look at it as a person with sqlite3 would. */
export class Records {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  ledger(): LedgerRecord[] {
    return this.#all<Bytes<LedgerRecord, 'source' | 'destination' | 'sha256'>>(
      'SELECT id, state, source, destination, sha256, decided_ms AS decidedMs FROM ledger ORDER BY id',
    ).map((row) => ({
      ...row,
      source: fromBytes(row.source),
      destination: fromBytes(row.destination),
      sha256: row.sha256.toString('hex'),
    }));
  }

  duplicates(): DuplicateRecord[] {
    return this.#all<Bytes<DuplicateRecord, 'source'> & { destination: Buffer | null }>(
      'SELECT id, ledger_id AS ledgerId, state, action, source, destination FROM duplicates ORDER BY id',
    ).map((row) => ({
      ...row,
      source: fromBytes(row.source),
      destination: row.destination === null ? undefined : fromBytes(row.destination),
    }));
  }

  jobs(): JobRecord[] {
    return this.#all<Bytes<JobRecord, 'path'>>(
      'SELECT id, key AS path, state, lane, reason, attempts, run_at_ms AS runAtMs FROM jobs ORDER BY id',
    ).map((row) => ({ ...row, path: fromBytes(row.path) }));
  }

  candidates(): CandidateRecord[] {
    return this.#all<Bytes<CandidateRecord, 'path'>>(
      'SELECT path, waits_for AS waitsFor, fingerprint, due_ms AS dueMs FROM candidates ORDER BY path',
    ).map((row) => ({ ...row, path: fromBytes(row.path) }));
  }

  manifests(): { path: BytePath; bytes: number; lines: number }[] {
    return this.#all<{ path: Buffer; bytes: number; lines: number }>(
      'SELECT path, committed_bytes AS bytes, committed_lines AS lines FROM manifests ORDER BY path',
    ).map((row) => ({ ...row, path: fromBytes(row.path) }));
  }

  totals(): { files: number; bytes: number; duplicates: number } | undefined {
    return this.#all<{ files: number; bytes: number; duplicates: number }>(
      'SELECT committed_files AS files, committed_bytes AS bytes, duplicate_files AS duplicates FROM totals',
    )[0];
  }

  pendingSidecars(): number {
    return this.#all<{ n: number }>('SELECT count(*) AS n FROM sidecar_removals')[0]?.n ?? 0;
  }

  #all<Row>(sql: string): Row[] {
    return this.#state.prepare<[], Row>(sql).all();
  }
}

/** The text of every manifest below a directory, by path. */
export function manifestTexts(manifests: BytePath): { path: BytePath; text: string }[] {
  return filesBelow(toText(manifests))
    .filter((name) => name.endsWith('/manifest.jsonl'))
    .map((name) => `${toText(manifests)}/${name}`)
    .map((path) => ({ path: path as BytePath, text: readFileSync(toBytes(path as BytePath), 'utf8') }));
}

export const recordsIn = (text: string): ManifestRecord[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
