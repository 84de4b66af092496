import { toText } from '../../shared/fs/byte-path.ts';
import type { ScanReport } from '../../shared/ipc/messages.ts';
import { Candidates } from '../../shared/queue/candidates.ts';
import type { State } from '../../shared/state/open.ts';
import type { DiscoveredRoute } from './route.ts';

/** What one pass over all routes found; the counts are whole, the examples bounded. */
export type DiscovererReport = ScanReport & {
  /** Names that are not to be taken. */
  excludedFiles: number;
};

/** Names in a report: it is one message, and more than anybody reads. */
const MOST_NAMED = 1000;

export type Counts = { seen: number; excluded: number; enqueued: number };

/** The report of a pass that is over: what is still incomplete are the candidates. */
export function reportOf(counts: Counts, routes: readonly DiscoveredRoute[], state: State): DiscovererReport {
  const candidates = new Candidates(state);
  const incomplete: ScanReport['incomplete'] = [];
  let incompleteFiles = 0;
  for (const route of routes) {
    incompleteFiles += candidates.count(route.id);
    const named = candidates.page(route.id, undefined, MOST_NAMED - incomplete.length);
    incomplete.push(...named.map(({ path, waitsFor }) => ({ source: toText(path), waitsFor })));
  }
  return {
    seenFiles: counts.seen,
    enqueuedJobs: counts.enqueued,
    incompleteFiles,
    incomplete,
    excludedFiles: counts.excluded,
  };
}
