import { Releases } from '../../archive-sink/releases.ts';
import type { BytePath } from '../../fs/byte-path.ts';
import { Manifests } from '../../manifest/manifests.ts';
import { Routes } from '../../queue/routes.ts';
import type { State } from '../../state/open.ts';
import { type CheckedFiles, checkDuplicates, checkLedger, type FileChecks } from './check-files.ts';
import { checkManifests } from './check-manifests.ts';
import { checkState } from './check-state.ts';
import { checkWarehouse } from './check-warehouse.ts';
import type { Report } from './finding.ts';
import { KnownPaths } from './known-paths.ts';
import { Rehasher } from './rehash.ts';
import { inPlace, relocated } from './relocation.ts';
import { takeSnapshot } from './snapshot.ts';
import { noteUnlistedManifests } from './unlisted-manifests.ts';

export type VerifyOptions = {
  /** Read only will do, and workers may go on. */
  state: State;
  /** Reads every file again. */
  deep: boolean;
  /** Where the warehouse, or the manifests, are now; where the state file says unless given. */
  warehouse?: BytePath;
  manifests?: BytePath;
  report: Report;
};

export type VerifySummary = {
  /** Committed rows of the ledger that were checked. */
  committed: number;
  committedBytes: number;
  /** Duplicates that were moved and checked. */
  duplicates: number;
  /** Rows that were between decision and commit, in both tables: not looked at. */
  inFlight: number;
  manifests: number;
  lines: number;
  /** Files found in the partitions, those in flight and the strays included. */
  warehouseFiles: number;
  /** Read again by `deep`. */
  rehashedFiles: number;
  rehashedBytes: number;
  /** Asked for at their servers, see `checkObjects`. */
  objects?: number;
  /** Tables whose targets were asked, and the loads of files that are on record there, see `checkTables`. */
  tables?: number;
  loads?: number;
  /** Files whose archives were looked into, those of them that are in staging yet, and members that were read, see `checkArchives`. */
  archived?: number;
  staged?: number;
  rereadMembers?: number;
};

/**
 * Compares the ledger, the manifests and the warehouse, as they were committed when this began, and reports each disagreement
 * once. Changes nothing; memory does not grow with the number of files.
 *
 * Why a row and its line, and not just the count: this is the proof that nothing was lost, taken twice or misreported,
 * whatever died when.
 */
export async function verify(options: VerifyOptions): Promise<VerifySummary> {
  const known = new KnownPaths();
  try {
    return await compare(options, known);
  } finally {
    known[Symbol.dispose]();
  }
}

async function compare(
  { state, deep, report, ...moved }: VerifyOptions,
  known: KnownPaths,
): Promise<VerifySummary> {
  const routes = new Routes(state).all();
  const atManifest =
    moved.manifests === undefined ? inPlace : relocated(routes, 'manifests', moved.manifests);
  const at = moved.warehouse === undefined ? inPlace : relocated(routes, 'warehouse', moved.warehouse);
  const snapshot = takeSnapshot(state);
  const rehasher = deep ? new Rehasher(report) : undefined;
  const releases = new Releases(state);
  const isReleased = (id: number) => releases.isReleased(id);
  const checks: FileChecks = { state, at, known, rehasher, report, isReleased };

  const recorded = checkManifests(state, snapshot, atManifest, report);
  const listed = new Set(snapshot.manifests.map(({ path }) => atManifest(path)));
  const committed = new Manifests(state);
  const isListed = (path: BytePath) => listed.has(path) || committed.committed(path).bytes > 0;
  noteUnlistedManifests(unique(routes.map((route) => atManifest(route.manifests))), isListed, report);
  const files: CheckedFiles = await checkLedger(snapshot.ledger, recorded, checks);
  const duplicates: CheckedFiles = await checkDuplicates(snapshot.duplicates, checks);
  await rehasher?.finish();
  const roots = unique(routes.flatMap((route) => [at(route.warehouse), at(route.duplicates)]));
  const warehouseFiles = await checkWarehouse({ state, roots, snapshot, at, known, report });
  if (deep) checkState(state, report);

  return {
    committed: files.files,
    committedBytes: files.bytes,
    duplicates: duplicates.files,
    inFlight: snapshot.ledger.inFlight.size + snapshot.duplicates.inFlight.size,
    manifests: snapshot.manifests.length,
    lines: recorded.lines,
    warehouseFiles,
    rehashedFiles: rehasher?.files ?? 0,
    rehashedBytes: rehasher?.bytes ?? 0,
  };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
