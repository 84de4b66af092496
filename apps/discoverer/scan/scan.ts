import type { Clock } from '../../../shared/clock.ts';
import { type BytePath, dirname } from '../../../shared/fs/byte-path.ts';
import { type WalkEntry, walk } from '../../../shared/fs/walk.ts';
import { fileOf, isSidecar } from '../completion/completion.ts';
import type { Moment } from '../completion/steady-clock.ts';
import { Findings } from '../enqueue/findings.ts';
import type { Writer } from '../enqueue/writer.ts';
import type { Judge } from '../judge.ts';
import type { DiscoveredRoute } from '../route.ts';
import { ScanCounts } from './scan-counts.ts';

/** A transaction costs an fsync, and the index pages that its rows share are written once: many rows, as long as nobody waits. */
const MOST_FINDINGS = 8000;
const OLDEST_FINDING_MS = 500;

export type ScanOptions = {
  route: DiscoveredRoute;
  judge: Judge;
  writer: Writer;
  clock: Clock;
  signal: AbortSignal;
  /** Called before a directory is listed, so that it can be watched first; false leaves it out. */
  enter(directory: BytePath): boolean;
  /** A directory, or the names in it, cannot be read. */
  onRefused(error: unknown, directory: BytePath): void;
  /** Between two batches: what may not wait until the scan is over. */
  onBatch?(): Promise<void>;
};

/**
 * Looks at every name in a directory of a route, and below it. Memory does not grow with their number; the event loop turns after each
 * thousand or so. Stopped in the middle it has done a part, and nothing is wrong.
 *
 * @throws the signal's reason when aborted, and what the state file refuses with
 */
export async function scan(directory: BytePath, options: ScanOptions): Promise<ScanCounts> {
  const { route, writer, clock, signal, enter, onRefused, onBatch } = options;
  const counts = new ScanCounts();
  let findings = new Findings();
  let firstAtMs = 0;
  const batches = walk(directory, {
    recursive: route.settings.recursive,
    everyName: route.everyName,
    followLink: directory === route.input,
    signal,
    enter,
    onError: onRefused,
  });
  for await (const batch of batches) {
    if (findings.size === 0) firstAtMs = clock.monotonicMs();
    judgeBatch(batch, findings, counts, options);
    if (findings.size >= MOST_FINDINGS || clock.monotonicMs() - firstAtMs >= OLDEST_FINDING_MS) {
      counts.enqueued += await writer.write(findings);
      findings = new Findings();
    }
    await onBatch?.();
  }
  counts.enqueued += await writer.write(findings);
  return counts;
}

function judgeBatch(
  batch: readonly WalkEntry[],
  findings: Findings,
  counts: ScanCounts,
  options: ScanOptions,
): void {
  options.judge.session((moment) => {
    for (const { path, kind } of batch) {
      if (kind === 'file') judgeFile(path, moment, findings, counts, options);
      else if (kind === 'other') counts.excluded += 1;
    }
  });
}

function judgeFile(
  path: BytePath,
  moment: Moment,
  findings: Findings,
  counts: ScanCounts,
  { route, judge, onRefused }: ScanOptions,
): void {
  if (route.settings.mode === 'sidecar' && isSidecar(path)) {
    const file = fileOf(path);
    const verdict = judge.lookBySidecar({ route, path: file, occasion: 'named', moment });
    findings.add(file, verdict);
    counts.addBySidecar(verdict);
    return;
  }
  const verdict = judge.look({ route, path, occasion: 'met', moment });
  findings.add(path, verdict);
  counts.add(verdict);
  if (verdict.is === 'unreadable') onRefused(verdict.error, dirname(path));
}
