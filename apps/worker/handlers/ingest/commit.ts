import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { type BytePath, toText } from '../../../../shared/fs/byte-path.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import type { LedgerRow } from '../../../../shared/ledger/ledger.ts';
import { appendLines, type Line } from '../../../../shared/manifest/append.ts';
import { manifestLine, manifestPathOf } from '../../../../shared/manifest/record.ts';
import { registerManifest } from '../../../../shared/manifest/register.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { Ended, PlacedFile } from './custody.ts';
import { settleEnded } from './settle-ended.ts';
import type { IngestStore } from './store.ts';

/** What transaction 2 did; only what is listed here has happened. */
export type Committed = { files: PlacedFile[]; ended: Ended[]; adopted: LedgerRow[] };

/** An original's row in flight. */
type Original = Extract<PlacedFile['inFlight'], { type: 'original' }>;

export type CommitContext = {
  store: IngestStore;
  crash: CrashPoints;
  nowMs: number;
  onManifestShortened(path: string, committedBytes: number, foundBytes: number): void;
  onManifestCut(path: string, lines: number): void;
};

/**
 * Transaction 2, all or nothing: manifest lines, ledger rows committed, duplicates settled, their jobs done, and the ends of all other
 * files of the batch. Every file must be durable where its row says, and `directories` synced, before.
 *
 * A file whose job was taken from us is left out: it is somebody else's, or was committed by whoever adopted its line.
 */
export function commitFiles(
  files: readonly PlacedFile[],
  ends: readonly Ended[],
  context: CommitContext,
): Committed {
  const { store, crash } = context;
  const { lease } = files[0]?.job ?? ends[0]?.job ?? {};
  if (lease === undefined) return { files: [], ended: [], adopted: [] };
  const lines = linesOf(files);
  for (const path of lines.keys()) registerManifest(path, store.state, store.manifests);
  const { committed, isLeaseEnded } = writeTransaction(store.state, () => {
    const heldJobs = store.settlements.heldBy(lease.token);
    const held = files.filter(({ job }) => heldJobs.has(job.id));
    // First: the line of a row that is withdrawn here must not be adopted below.
    const settled = ends.filter((end) => settleEnded(end, context));
    const adopted = appendToManifests(held.length === files.length ? lines : linesOf(held), context);
    settleAll(held, new Set(adopted.map(({ id }) => id)), lease.token, context);
    count(held, adopted, context);
    const isLeaseEnded = store.settlements.endLease(lease.token);
    crash.reach('commit.before-transaction-ends');
    const ours = new Set(held.flatMap(originalOf).map(({ row }) => row.id));
    return {
      isLeaseEnded,
      committed: { files: held, ended: settled, adopted: adopted.filter(({ id }) => !ours.has(id)) },
    };
  });
  if (isLeaseEnded) lease.wasEnded();
  crash.reach('commit.committed');
  return committed;
}

const originalOf = ({ inFlight }: PlacedFile): Original[] => (inFlight.type === 'original' ? [inFlight] : []);

/** The lines of each manifest file; a batch decided at one instant has one. */
function linesOf(files: readonly PlacedFile[]): Map<BytePath, Line[]> {
  const byPath = new Map<BytePath, Line[]>();
  for (const { inFlight, route } of files) {
    if (inFlight.type !== 'original') continue;
    const path = manifestPathOf(route.manifests, inFlight.row.decidedMs);
    const lines = byPath.get(path) ?? [];
    lines.push({ id: inFlight.row.id, text: manifestLine(inFlight.row, route.name) });
    byPath.set(path, lines);
  }
  return byPath;
}

/** One append for each manifest file. @returns the rows of lines found and adopted */
function appendToManifests(byPath: ReadonlyMap<BytePath, Line[]>, context: CommitContext): LedgerRow[] {
  const adopted: LedgerRow[] = [];
  for (const [path, lines] of byPath) append(path, lines, adopted, context);
  return adopted;
}

function append(path: BytePath, lines: readonly Line[], adopted: LedgerRow[], context: CommitContext): void {
  const { store, crash, nowMs, onManifestShortened, onManifestCut } = context;
  const ours = new Map(lines.map(({ id, text }) => [id, text]));
  const taken = new Set<number>();
  appendLines(lines, {
    path,
    manifests: store.manifests,
    lineInFlight: (id) => (taken.has(id) ? undefined : (ours.get(id) ?? lineOfOther(id, store))),
    adopt(id) {
      const row = store.ledger.byId(id);
      if (row === undefined) return;
      taken.add(id);
      store.ledger.commit(id, nowMs);
      store.completeAdopted(row);
      store.handOn([row], nowMs);
      adopted.push(row);
    },
    onShortened: (committedBytes, foundBytes) =>
      onManifestShortened(toText(path), committedBytes, foundBytes),
    onCut: (count) => onManifestCut(toText(path), count),
    onStep: (step) => crash.reach(step === 'written' ? 'commit.lines-written' : 'commit.lines-durable'),
  });
}

/** The line of a row that another process left in flight; its file must still be where the line says. */
function lineOfOther(id: number, { ledger, routes }: IngestStore): string | undefined {
  const row = ledger.byId(id);
  if (row?.state !== 'in_flight') return undefined;
  const file = lstatIfSeen(row.destination);
  if (file?.isFile() !== true || file.size !== BigInt(row.sizeBytes)) return undefined;
  const route = routes.byId(row.routeId);
  return route === undefined ? undefined : manifestLine(row, route.name);
}

/** Rows committed, duplicates settled, jobs done; of rows in `adopted` that has been done. */
function settleAll(
  files: readonly PlacedFile[],
  adopted: ReadonlySet<number>,
  token: number,
  { store, nowMs }: CommitContext,
): void {
  const isOurs = ({ inFlight }: PlacedFile) => inFlight.type !== 'original' || !adopted.has(inFlight.row.id);
  const rest = adopted.size === 0 ? files : files.filter(isOurs);
  const rows = rest.flatMap(originalOf).map(({ row }) => row);
  store.ledger.commitAll(
    rows.map(({ id }) => id),
    nowMs,
  );
  store.handOn(rows, nowMs);
  for (const { inFlight, sidecar } of rest) {
    if (inFlight.type === 'duplicate') store.duplicates.settle(inFlight.row.id, nowMs);
    if (sidecar !== undefined && !isLeft(inFlight)) store.removals.add(sidecar);
  }
  store.settlements.completeAll(
    rest.map(({ job }) => job.id),
    token,
  );
}

/** A duplicate that stays keeps its sidecar. */
const isLeft = (inFlight: PlacedFile['inFlight']): boolean =>
  inFlight.type === 'duplicate' && inFlight.row.action === 'leave';

function count(
  files: readonly PlacedFile[],
  adopted: readonly LedgerRow[],
  { store, nowMs }: CommitContext,
): void {
  const rows = new Map(adopted.map((row) => [row.id, row.sizeBytes]));
  let duplicates = 0;
  for (const { inFlight } of files) {
    if (inFlight.type === 'original') rows.set(inFlight.row.id, inFlight.row.sizeBytes);
    else duplicates += 1;
  }
  if (rows.size + duplicates === 0) return;
  const bytes = [...rows.values()].reduce((sum, size) => sum + size, 0);
  store.totals.add({ files: rows.size, bytes, duplicates }, nowMs);
}
