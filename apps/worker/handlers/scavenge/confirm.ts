import type { StagedDeposit } from '../../../../shared/archive-sink/deposits.ts';
import { ArchiveSet, type Found } from '../../../../shared/archives/volumes/archive-set.ts';
import { VolumeListing } from '../../../../shared/archives/volumes/volume-listing.ts';
import { toText } from '../../../../shared/fs/byte-path.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { Breath } from '../../breath.ts';
import { NO_DELTA } from '../../delta.ts';
import { assertHeld, type BaseInHand } from './base-in-hand.ts';
import type { ScavengeTools } from './tools.ts';

/** Rows that are read, or settled, at a time. */
const CHUNK = 1000;

type Outcome = { deposit: StagedDeposit; found: Found | undefined };

/**
 * Looks up what is staged for a base, archive by archive, and records what is found: durably, and fenced. What is in no archive and in no
 * staging archive either is lost, and deposited once more.
 *
 * @throws LeaseLostError; as node:fs does; EnvironmentError `archive.changed` where a volume is replaced under its hands
 */
export async function confirm(context: BaseInHand, stagedIn: ScavengeTools['stagedIn']): Promise<void> {
  const { base, store, clock, signal } = context;
  // What is recorded from now on may have its staging archive since the look into the inbox, and that comes before any archive is opened.
  const lastId = store.deposits.lastId();
  const staged = stagedIn(base.path);
  const listing = new VolumeListing(base.path);
  const breath = new Breath(clock);
  let outcomes: Outcome[] = [];
  const settle = (): void => {
    settleOutcomes(outcomes, context);
    outcomes = [];
  };
  for (let archive = store.deposits.nextArchive(base.id, ''); archive !== undefined; ) {
    const set = ArchiveSet.open(base.path, archive, listing);
    try {
      for (const deposit of depositsOf(archive, lastId, context)) {
        if (breath.isDue()) await breath.take();
        if (signal.aborted) return;
        const found = set.find(deposit.member, deposit.sha256);
        if (found === undefined && staged.has(deposit.staging)) continue;
        outcomes.push({ deposit, found });
        if (outcomes.length === CHUNK) settle();
      }
    } finally {
      set.close();
    }
    archive = store.deposits.nextArchive(base.id, archive);
  }
  settle();
}

function* depositsOf(archive: string, lastId: number, { base, store }: BaseInHand): Generator<StagedDeposit> {
  for (let afterId = 0; ; ) {
    const page = store.deposits.staged(base.id, archive, { afterId, lastId }, CHUNK);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < CHUNK) return;
    afterId = last.id;
  }
}

function settleOutcomes(outcomes: readonly Outcome[], context: BaseInHand): void {
  if (outcomes.length === 0) return;
  const { store, clock, crash } = context;
  const nowMs = clock.nowMs();
  const settled = writeTransaction(store.state, () => {
    assertHeld(context);
    const changed = outcomes.filter((outcome) => settleOne(outcome, context, nowMs));
    const published = changed.filter(({ found }) => found !== undefined);
    const bytes = published.reduce((sum, { deposit }) => sum + deposit.sizeBytes, 0);
    store.totals.addArchived({ files: published.length, bytes });
    return { changed, files: published.length, bytes };
  });
  crash.reach('archive.confirmed');
  report(settled.changed, context);
  context.onProgress({ ...NO_DELTA, archivedFiles: settled.files, archivedBytes: settled.bytes });
}

/** @returns false where it was settled by somebody else */
function settleOne({ deposit, found }: Outcome, { store }: BaseInHand, nowMs: number): boolean {
  const { deposits, jobs, sinks } = store;
  if (found === undefined) {
    // Its file is gone from the warehouse as well: the row stays, so that `verify` tells of it.
    if (jobs.isOfAnother(deposit) || !deposits.takeBack(deposit)) return false;
    jobs.again(deposit, nowMs);
    return true;
  }
  const settings = sinks.byId(deposit.sinkId)?.settings;
  const releases = settings?.type === 'archive' && settings.release;
  return deposits.publish(deposit.id, found, releases, nowMs);
}

function report(outcomes: readonly Outcome[], { base, logger }: BaseInHand): void {
  logger.together(() => {
    for (const { deposit, found } of outcomes) {
      const { archive, member, staging } = deposit;
      const source = toText(deposit.path);
      if (found === undefined)
        logger.warn(
          { event: 'file.unstaged', source, base: base.path, archive, member, staging },
          'its deposit is in no archive, and its staging archive is gone: it is deposited once more',
        );
      else {
        const { volume, storedAs: stored_as } = found;
        const size = deposit.sizeBytes;
        logger.info({
          event: 'file.archived',
          source,
          base: base.path,
          archive,
          member,
          volume,
          stored_as,
          size,
        });
      }
    }
  });
}
