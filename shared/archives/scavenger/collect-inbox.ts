import { join } from 'node:path';
import { errnoOf, LeaseLostError, WharfingerError } from '../../errors.ts';
import type { ScavengeOptions } from '../contract.ts';
import { inboxOf } from '../places.ts';
import { directoryOf, nameOf } from '../volumes/archive-name.ts';
import { ArchiveCollector } from './archive-collector.ts';
import type { Breath } from './breath.ts';
import type { CollectedList } from './collected.ts';
import { archiveFault, assertOfOneFile, isFaultOfAll } from './faults.ts';
import type { Inbox, StagingFile } from './inbox.ts';
import type { ScavengerLease } from './lease.ts';
import { removeOldIndexes } from './old-indexes.ts';
import { type OwnerOptions, whyTake } from './owner.ts';
import { quarantineForeign, removeStaging } from './remove-staging.ts';
import type { RoundMembers } from './round-members.ts';
import { type Round, roundsOf } from './rounds.ts';
import type { ScavengeOutcome } from './scavenge.ts';
import { take } from './take.ts';

export type CollectOptions = ScavengeOptions & {
  lease: ScavengerLease;
  breath: Breath;
  owners: OwnerOptions;
  roundMembers?: number;
};

/** Collects all that lies in the inbox, but what is its writers' still. */
export async function collectInbox(inbox: Inbox, options: CollectOptions): Promise<ScavengeOutcome> {
  const pass = new Pass(options);
  const { base, signal, breath, roundMembers, onEvent } = options;
  quarantineForeign(base, inbox.foreign, pass.counts, onEvent);
  const ready = [...inbox.ready, ...pass.takeOpen(inbox.open)];
  const rounds = roundsOf({
    base,
    ready,
    breath,
    onUnreadable: (file, error) => pass.wasUnreadable(file, error),
    ...(roundMembers === undefined ? {} : { mostMembers: roundMembers }),
  });
  try {
    for await (const round of rounds) await pass.collect(round);
    if (pass.hasIndexed) await removeOldIndexes(base, breath);
  } catch (error) {
    // What was published stays so; the rest is staged.
    if (!signal.aborted || error instanceof LeaseLostError) throw error;
  }
  return pass.outcome();
}

/** What one pass has done so far. */
class Pass {
  readonly counts: Omit<ScavengeOutcome, 'archives' | 'failures'> = {
    heldBy: undefined,
    stagingArchives: 0,
    members: 0,
    bytes: 0,
    duplicates: 0,
    versions: 0,
    damaged: 0,
    quarantined: 0,
    stillOpen: 0,
  };
  readonly #archives = new Set<string>();
  readonly #failures = new Map<string, Error>();
  #unreadable: { error: unknown } | undefined;
  #hasRead = false;
  readonly #options: CollectOptions;
  readonly #collector: ArchiveCollector;

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#collector = new ArchiveCollector(options);
  }

  get hasIndexed(): boolean {
    return this.#collector.hasIndexed;
  }

  /** @throws the fault of the first staging archive whose disk could not read it, where nothing else could be read either */
  outcome(): ScavengeOutcome {
    if (this.#unreadable !== undefined && !this.#hasRead) throw this.#unreadable.error;
    const failures = [...this.#failures].map(([archive, error]) => ({ archive, error }));
    return { ...this.counts, archives: this.#archives.size, failures };
  }

  /** @returns those that are ours by now */
  takeOpen(open: readonly StagingFile[]): StagingFile[] {
    const { base, owners, crash, onEvent } = this.#options;
    return open.flatMap((staging) => {
      const why = whyTake(join(inboxOf(base), staging.file), staging.name, owners);
      const taken = why === undefined ? undefined : this.#take(staging);
      if (why === undefined || taken === undefined) {
        this.counts.stillOpen += 1;
        return [];
      }
      crash.reach('scavenge.taken');
      onEvent({ event: 'archive.taken', file: `inbox/${taken.file}`, detail: why });
      return [taken];
    });
  }

  #take(staging: StagingFile): StagingFile | undefined {
    try {
      return take(this.#options.base, staging);
    } catch (error) {
      assertOfOneFile(this.#options.base, error);
      this.#wasRefused(staging, `it cannot be taken (${errnoOf(error)}), and stays where it is`);
      return undefined;
    }
  }

  /** Stores a round, and removes the staging archives that end in it. */
  async collect({ members, ended }: Round): Promise<void> {
    const { base, breath, crash, lease, onEvent } = this.#options;
    this.#hasRead = true;
    for (const [archive, group] of groupsOf(members)) {
      await breath.take();
      try {
        const stored = await this.#collector.collect(archive, group);
        for (const key of ['members', 'bytes', 'duplicates', 'versions'] as const)
          this.counts[key] += stored[key];
        if (stored.members > 0) this.#archives.add(archive);
      } catch (error) {
        this.#hasFailed(archive, group, error);
      }
    }
    lease.check();
    removeStaging(base, ended, this.counts, onEvent);
    crash.reach('scavenge.removed');
  }

  /** It stays where it is, and is tried again. */
  wasUnreadable(staging: StagingFile, error: unknown): void {
    assertOfOneFile(this.#options.base, error);
    if (errnoOf(error) === 'EIO') this.#unreadable ??= { error };
    this.#wasRefused(staging, `it cannot be read (${errnoOf(error)}), and stays where it is`);
  }

  #wasRefused({ file }: StagingFile, detail: string): void {
    this.counts.damaged += 1;
    this.#options.onEvent({ event: 'archive.damaged', file: `inbox/${file}`, detail });
  }

  /** One archive that cannot be written holds up no other: but what is staged for it stays. */
  #hasFailed(archive: string, group: CollectedList, error: unknown): void {
    if (this.#options.signal.aborted) throw error;
    // Who has lost the lease finds everything changed by whoever has it now, and nothing of it is the archive's fault.
    if (!(error instanceof LeaseLostError)) this.#options.lease.check();
    const isOfArchive = errnoOf(error) !== undefined || error instanceof WharfingerError;
    if (!isOfArchive || !(error instanceof Error) || error instanceof LeaseLostError || isFaultOfAll(error))
      throw error;
    for (let index = 0; index < group.length; index += 1) group.at(index).staging.isKept = true;
    if (this.#failures.has(archive)) return;
    const failure = archiveFault(archive, error);
    this.#failures.set(archive, failure);
    this.#options.onEvent({ event: 'archive.bad_volume', volume: archive, detail: failure.message });
  }
}

/** By archive; those of one directory one after the other. */
const groupsOf = (members: RoundMembers): [string, CollectedList][] =>
  members
    .groups()
    .toSorted(([a], [b]) => compare(directoryOf(a), directoryOf(b)) || compare(nameOf(a), nameOf(b)));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
