import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BytePath, fromText } from '../../../shared/fs/byte-path.ts';
import type { Decision } from '../../../shared/ledger/ledger.ts';
import { Enqueuer } from '../../../shared/queue/enqueue.ts';
import { Routes } from '../../../shared/queue/routes.ts';
import { openState, type State } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

/** A state file with one route, and no file anywhere: for the tables alone. */
export function emptyState(t: TestContext): State {
  const state = openState(join(tempDir(t), 'state.db'));
  t.after(() => state.close());
  const at = (name: string) => fromText(`/${name}`);
  new Routes(state).save({
    name: 'orders',
    input: at('in'),
    warehouse: at('w'),
    manifests: at('m'),
    duplicates: at('w/_duplicates'),
    onDuplicate: 'move',
    dedupe: 'content',
    mode: 'stability',
    stabilityMs: 1000,
    takes: 'ingest',
  });
  return state;
}

/** A job in the queue, under no lease. @returns its number */
export function addJob(state: State, name: string): number {
  new Enqueuer(state).put({ kind: 'ingest', key: fromText(`/in/${name}`), routeId: 1, fingerprint: name }, 1);
  return state.prepare<[], number>('SELECT max(id) FROM jobs').pluck().get() ?? 0;
}

/** Puts a job under a lease of its own. @returns the token */
export function leaseJob(state: State, jobId: number): number {
  const token = state
    .prepare<[], number>(
      `INSERT INTO leases (owner, host, boot, pid, pid_start, claimed_ms, expires_ms)
       VALUES ('worker-1', 'host', 'boot', 1, '1', 1, 1) RETURNING token`,
    )
    .pluck()
    .get();
  if (token === undefined) throw new Error('INSERT … RETURNING gave no row');
  state.prepare("UPDATE jobs SET state = 'leased', lease_token = ? WHERE id = ?").run(token, jobId);
  return token;
}

let lastInode = 100n;

/** A decision that stands in no other's way, but for what is given. */
export function decision(jobId: number, content: string, fields: Partial<Decision> = {}): Decision {
  lastInode += 1n;
  const name = `${content}-${lastInode}`;
  return {
    scope: 0,
    sha256: createHash('sha256').update(content).digest(),
    device: 1n,
    inode: lastInode,
    sizeBytes: content.length,
    mtimeNs: 1_700_000_000_123_456_789n,
    ctimeNs: 1_700_000_000_987_654_321n,
    routeId: 1,
    jobId,
    source: `/in/${name}` as BytePath,
    destination: `/w/${name}` as BytePath,
    decidedMs: 1_700_000_000_000,
    ...fields,
  };
}
