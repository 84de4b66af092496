import { createHash } from 'node:crypto';
import { appendFileSync, lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type BytePath, dirname, fromText, join, toBytes } from '../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../shared/fs/fingerprint.ts';
import { destinationOf } from '../../shared/ledger/destination.ts';
import { Duplicates } from '../../shared/ledger/duplicates.ts';
import { Ledger, type LedgerRow, WHOLE_STATE } from '../../shared/ledger/ledger.ts';
import { Totals } from '../../shared/ledger/totals.ts';
import { Manifests } from '../../shared/manifest/manifests.ts';
import { manifestLine, manifestPathOf } from '../../shared/manifest/record.ts';
import { Enqueuer } from '../../shared/queue/enqueue.ts';
import { Routes } from '../../shared/queue/routes.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { tempDir } from './temp.ts';

/** 2024-11-02T10:00:00Z, the instant at which these states live. */
export const T0 = Date.UTC(2024, 10, 2, 10);

/** A state file with one route, its directories, and files as the program would have left them. */
export type StateFixture = {
  directory: BytePath;
  statePath: string;
  state: State;
  routeId: number;
  input: BytePath;
  warehouse: BytePath;
  manifests: BytePath;
  duplicates: BytePath;
};

export function makeState(context: TestContext, busyTimeoutMs?: number): StateFixture {
  const directory = fromText(tempDir(context));
  const at = (name: string) => join(directory, name);
  const [input, warehouse, manifests] = [at('in'), at('warehouse'), at('manifests')];
  for (const path of [input, warehouse, manifests]) mkdirSync(toBytes(path));
  const duplicates = join(warehouse, '_duplicates');
  const statePath = at('state.db');
  const state = openState(statePath, busyTimeoutMs === undefined ? {} : { busyTimeoutMs });
  context.after(() => state.close());
  const routeId = new Routes(state).save({
    name: 'orders',
    input,
    warehouse,
    manifests,
    duplicates,
    onDuplicate: 'move',
    dedupe: 'content',
    mode: 'stability',
    stabilityMs: 10_000,
    takes: 'ingest',
  });
  return { directory, statePath, state, routeId, input, warehouse, manifests, duplicates };
}

export type JobFields = {
  state?: 'ready' | 'delayed' | 'failed';
  kind?: string;
  reason?: string;
  runAtMs?: number;
  attempts?: number;
  enqueuedMs?: number;
};

/** Puts a job into the queue, in whatever state, and returns its number. */
export function addJob(
  { state, routeId, input }: StateFixture,
  name: string,
  fields: JobFields = {},
): number {
  const { kind = 'ingest', enqueuedMs = T0 } = fields;
  const key = join(input, name);
  new Enqueuer(state).put(
    { kind, key, routeId, fingerprint: `fingerprint of ${name}`, sizeBytes: 10 },
    enqueuedMs,
  );
  const row = state
    .prepare<unknown[], { id: number }>(
      'UPDATE jobs SET state = ?, reason = ?, run_at_ms = ?, attempts = ? WHERE kind = ? AND key = ? RETURNING id',
    )
    .get(
      fields.state ?? 'ready',
      fields.reason ?? (fields.state === 'failed' ? 'it failed' : null),
      fields.runAtMs ?? 0,
      fields.attempts ?? 0,
      kind,
      toBytes(key),
    );
  if (row === undefined) throw new Error('the job was not added');
  return row.id;
}

export type CandidateFields = {
  waitsFor?: 'stability' | 'second-look' | 'sidecar' | 'writer';
  dueMs?: number | null;
  firstSeenMs?: number;
  overdue?: boolean;
};

export function addCandidate(
  { state, routeId, input }: StateFixture,
  name: string,
  fields: CandidateFields = {},
): BytePath {
  const { waitsFor = 'stability', dueMs = T0 + 5000, firstSeenMs = T0, overdue = false } = fields;
  const path = join(input, name);
  state
    .prepare(`
      INSERT INTO candidates (path, route_id, fingerprint, waits_for, first_seen_ms, observed_ms, due_ms, overdue)
      VALUES (?, ?, 'fingerprint', ?, ?, ?, ?, ?)`)
    .run(toBytes(path), routeId, waitsFor, firstSeenMs, firstSeenMs, dueMs, overdue ? 1 : 0);
  return path;
}

/** Writes a file with the directories above it. */
export function writeAt(path: BytePath, content: string): void {
  mkdirSync(toBytes(dirname(path)), { recursive: true });
  writeFileSync(toBytes(path), content);
}

export type TakenFields = { content?: string; decidedMs?: number; jobId?: number; source?: BytePath };

let lastJobId = 1_000_000;

/** Decides a file that is written to its source first: its row is in flight, and nothing was moved. */
export function decideFile(fixture: StateFixture, name: string, fields: TakenFields = {}): LedgerRow {
  const { state, routeId, input, warehouse } = fixture;
  const { content = `content of ${name}`, decidedMs = T0 } = fields;
  const source = fields.source ?? join(input, name);
  writeAt(source, content);
  const stats = lstatSync(toBytes(source), { bigint: true });
  lastJobId += 1;
  const ledger = new Ledger(state);
  const decision = ledger.decide({
    scope: WHOLE_STATE,
    sha256: createHash('sha256').update(content).digest(),
    device: stats.dev,
    inode: stats.ino,
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    routeId,
    jobId: fields.jobId ?? lastJobId,
    source,
    destination: destinationOf(warehouse, decidedMs, name as BytePath),
    decidedMs,
  });
  if ('conflict' in decision) throw new Error(`not decided: ${decision.conflict.with}`);
  const row = ledger.byId(decision.id);
  if (row === undefined) throw new Error('a row that was decided is there');
  return row;
}

/** Takes a file into custody as the program does: the file, its row and its record are there when this returns. */
export function commitFile(fixture: StateFixture, name: string, fields: TakenFields = {}): LedgerRow {
  const row = decideFile(fixture, name, fields);
  moveTo(row.source, row.destination);
  appendRecord(fixture, manifestPathOf(fixture.manifests, row.decidedMs), manifestLine(row, 'orders'));
  new Ledger(fixture.state).commit(row.id, row.decidedMs);
  new Totals(fixture.state).add({ files: 1, bytes: row.sizeBytes, duplicates: 0 }, row.decidedMs);
  return row;
}

/** Writes bytes at the end of a manifest and counts them as committed. */
export function appendRecord({ state }: StateFixture, path: BytePath, text: string, lines = 1): void {
  mkdirSync(toBytes(dirname(path)), { recursive: true });
  appendFileSync(toBytes(path), text);
  const manifests = new Manifests(state);
  const before = manifests.committed(path);
  manifests.setCommitted(path, {
    bytes: before.bytes + Buffer.byteLength(text),
    lines: before.lines + lines,
  });
}

/** Records `name` as a duplicate of `original` that was moved away; `settle: false` leaves it in flight, its file at its source. */
export function addDuplicate(
  fixture: StateFixture,
  original: LedgerRow,
  name: string,
  { content, settle = true, jobId }: { content: string; settle?: boolean; jobId?: number },
): { id: number; source: BytePath; destination: BytePath } {
  const { state, routeId, input, duplicates } = fixture;
  const source = join(input, name);
  writeAt(source, content);
  const stats = lstatSync(toBytes(source), { bigint: true });
  const destination = destinationOf(duplicates, T0, name as BytePath);
  const table = new Duplicates(state);
  lastJobId += 1;
  const id = table.decide({
    ledgerId: original.id,
    action: 'move',
    routeId,
    jobId: jobId ?? lastJobId,
    fingerprint: fingerprintOf(stats),
    device: stats.dev,
    inode: stats.ino,
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    source,
    destination,
    decidedMs: T0,
  });
  if (id === undefined) throw new Error('the duplicate was not decided');
  if (settle) {
    moveTo(source, destination);
    table.settle(id, T0);
    new Totals(state).add({ files: 0, bytes: 0, duplicates: 1 }, T0);
  }
  return { id, source, destination };
}

function moveTo(source: BytePath, destination: BytePath): void {
  mkdirSync(toBytes(dirname(destination)), { recursive: true });
  renameSync(toBytes(source), toBytes(destination));
}
