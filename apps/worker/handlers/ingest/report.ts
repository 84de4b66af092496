import { toText } from '../../../../shared/fs/byte-path.ts';
import type { LedgerRow } from '../../../../shared/ledger/ledger.ts';
import type { LogFields, Logger } from '../../../../shared/log/logger.ts';
import { type Delta, NO_DELTA } from '../../delta.ts';
import type { Committed } from './commit.ts';
import type { Ended, PlacedFile } from './custody.ts';

/** Says in the log what became of each file of a batch, after it has become so. */
export function reportBatch(committed: Committed, logger: Logger): Delta {
  const delta: Delta = { ...NO_DELTA, files: committed.adopted.length };
  for (const row of committed.adopted) {
    delta.bytes += row.sizeBytes;
    logger.info(
      { event: 'file.adopted', id: row.id, path: toText(row.destination) },
      'a dead worker had written its manifest line',
    );
  }
  logger.together(() => {
    for (const file of committed.files) reportPlaced(file, delta, logger);
    for (const file of committed.ended) reportEnded(file, delta, logger);
  });
  return delta;
}

function reportPlaced({ route, inFlight, warnings }: PlacedFile, delta: Delta, logger: Logger): void {
  const { row } = inFlight;
  if (inFlight.type === 'original') {
    delta.files += 1;
    delta.bytes += row.sizeBytes;
    if (logger.isLevelEnabled('info')) logger.info(ingested(inFlight.row, route.name));
    if (warnings.length > 0)
      logger.warn(
        { event: 'file.attributes_lost', path: toText(inFlight.row.destination), lost: warnings },
        'not everything could be kept on the copy',
      );
    return;
  }
  delta.duplicates += 1;
  const source = toText(row.source);
  const path = row.destination === undefined ? undefined : toText(row.destination);
  const original = toText(inFlight.original.destination);
  logger.info({
    event: 'file.duplicate',
    source,
    action: inFlight.row.action,
    moved_to: path,
    path: original,
  });
}

const ingested = ({ source, destination, sha256, sizeBytes, id }: LedgerRow, route: string): LogFields => ({
  event: 'file.ingested',
  source: toText(source),
  path: toText(destination),
  sha256: sha256.toString('hex'),
  size: sizeBytes,
  route,
  id,
});

function reportEnded({ job, outcome }: Ended, delta: Delta, logger: Logger): void {
  const source = toText(job.key);
  switch (outcome.end) {
    case 'failed':
      delta.failed += 1;
      logger.error({ event: 'file.failed', job: job.id, source, reason: outcome.reason }, outcome.reason);
      return;
    case 'candidate': {
      const { putBack, why } = outcome;
      if (putBack)
        logger.warn({ event: 'file.put_back', source, path: toText(outcome.path), reason: why }, why);
      else logger.debug({ event: 'file.changed', source, reason: why }, why);
      return;
    }
    case 'vanished':
      logger.warn({ event: 'file.vanished', source }, 'somebody took it away before it was placed');
      return;
    case 'delayed':
      logger.debug({
        event: 'file.delayed',
        source,
        reason: outcome.reason,
        run_at: new Date(outcome.runAtMs).toISOString(),
      });
      return;
    case 'released':
      return;
  }
}
