import { archivePathOf } from '../../../../shared/archive-sink/template.ts';
import type { ArchivePath } from '../../../../shared/archives/contract.ts';
import type { ArchiveSink } from '../../../../shared/config/settings.ts';
import { UsageError } from '../../../../shared/errors.ts';
import { basename, isUtf8, join, relativeTo, toText } from '../../../../shared/fs/byte-path.ts';
import { partitionOf } from '../../../../shared/ledger/destination.ts';
import type { LedgerRow } from '../../../../shared/ledger/ledger.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { Route } from '../../../../shared/queue/routes.ts';
import { instantParts, type KeyParts } from '../../../../shared/uploads/key-template.ts';
import { ended, type FileToArchive, type Step } from './file.ts';
import type { ArchiveStore } from './store.ts';

/** Finds out which files the jobs of a claim are about, and where those go: from their sinks, and from their rows in the ledger. */
export function planOf(jobs: readonly LeasedJob[], store: ArchiveStore): Step<FileToArchive>[] {
  const known = { sinks: new Map<number, ArchiveSink>(), routes: new Map<number, Route>() };
  return jobs.map((job) => planOne(job, known, store));
}

/** What many jobs of a claim have in common. */
type Known = { sinks: Map<number, ArchiveSink>; routes: Map<number, Route> };

function planOne(job: LeasedJob, known: Known, store: ArchiveStore): Step<FileToArchive> {
  const sink = known.sinks.get(job.sinkId) ?? sinkOf(job, store);
  known.sinks.set(job.sinkId, sink);
  const ledgerId = ledgerIdOf(job);
  const row = store.ledger.byId(ledgerId);
  if (row === undefined) throw new Error(`ledger row ${ledgerId} does not exist`);
  const route = known.routes.get(row.routeId) ?? routeOf(row, store);
  known.routes.set(row.routeId, route);
  if (store.deposits.isPublished(ledgerId, job.sinkId)) return ended({ job }, { end: 'done' });
  const to = placeOf(row, route, sink.to);
  if (typeof to === 'string') return ended({ job }, { end: 'failed', reason: to });
  const { destination: path, sizeBytes, sha256 } = row;
  return { job, ledgerId, sink, to, path, sizeBytes, sha256, warehouse: route.warehouse };
}

function sinkOf({ id, sinkId }: LeasedJob, { sinks }: ArchiveStore): ArchiveSink {
  const sink = sinks.byId(sinkId)?.settings;
  if (sink?.type === 'archive') return sink;
  throw new Error(`job ${id} names sink ${sinkId}, which archives nothing`);
}

function routeOf({ id, routeId }: LedgerRow, { routes }: ArchiveStore): Route {
  const route = routes.byId(routeId);
  if (route === undefined) throw new Error(`ledger row ${id} names route ${routeId}, which does not exist`);
  return route;
}

const ledgerIdOf = ({ id, payload }: LeasedJob): number => {
  const { ledger } = JSON.parse(payload ?? '{}') as { ledger?: unknown };
  if (typeof ledger === 'number') return ledger;
  throw new Error(`job ${id} names no row of the ledger`);
};

/** @returns why not, where its name will not do */
function placeOf(
  row: LedgerRow,
  route: Route,
  template: { archive: string; member: string },
): ArchivePath | string {
  const path = relativeTo(join(route.warehouse, partitionOf(row.decidedMs)), row.destination);
  if (!isUtf8(path)) return 'its name is not UTF-8, which the name of a member must be; rename it';
  const parts: KeyParts = {
    path: toText(path),
    name: toText(basename(path)),
    route: route.name,
    ...instantParts(row.decidedMs),
  };
  try {
    return archivePathOf(template, parts);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  }
}
