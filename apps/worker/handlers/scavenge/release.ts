import type { Release } from '../../../../shared/archive-sink/releases.ts';
import { faultOfStored } from '../../../../shared/archive-sink/stored-content.ts';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname, toText } from '../../../../shared/fs/byte-path.ts';
import { fsyncDirectory } from '../../../../shared/fs/durable.ts';
import { lazyTransaction, writeTransaction } from '../../../../shared/state/transaction.ts';
import { Fence } from '../../fence.ts';
import { meaningOf } from '../ingest/faults.ts';
import { assertHeld, type BaseInHand } from './base-in-hand.ts';
import { removeReleased } from './remove-released.ts';
import { canBeSeen, type Standing, standingOf } from './very-file.ts';

/** Files that are decided on together. */
const CHUNK = 1000;

type Judged = { release: Release; standing: Standing | { is: 'unwanted' } };

/**
 * Removes warehouse copies whose archive has them and that nobody needs: first those that a holder died over, then those that are due. From the
 * transaction that decides on them the archive's copy is the one that counts.
 *
 * @throws LeaseLostError; as node:fs does, of the base
 */
export async function releaseFiles(context: BaseInHand): Promise<void> {
  const { base, store, signal } = context;
  if (!store.releases.hasAny(base.id)) return;
  const fence = new Fence(store, context.clock);
  for (const page of pagesOf((after) => store.releases.removing(base.id, after, CHUNK))) {
    if (signal.aborted) return;
    removeAll(page, fence, context);
  }
  const archives = new OpenArchive(base.path);
  try {
    for (const page of pagesOf((after) => store.releases.due(base.id, after, CHUNK))) {
      const judged: Judged[] = [];
      for (const release of page) {
        if (signal.aborted) return;
        const standing = await judge(release, archives, context);
        if (standing !== undefined) judged.push({ release, standing });
      }
      removeAll(decide(judged, context), fence, context);
    }
  } finally {
    archives.close();
  }
}

function* pagesOf(next: (after: number) => Release[]): Generator<Release[]> {
  for (let page = next(0); ; ) {
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    page = next(last.id);
  }
}

/** @returns undefined where nothing can be said at present */
async function judge(
  release: Release,
  archives: OpenArchive,
  { store, logger, signal }: BaseInHand,
): Promise<Judged['standing'] | undefined> {
  const sink = store.sinks.byId(release.sinkId)?.settings;
  // Somebody has changed his mind since.
  if (sink?.type !== 'archive' || !sink.release) return { is: 'unwanted' };
  if (!canBeSeen(release.path, store.routes.byId(release.routeId)?.warehouse)) return undefined;
  const fault = await archives.faultOf(release);
  const source = toText(release.path);
  if (fault !== undefined) {
    const reason = `it is not released: ${release.member} in ${release.archive}: ${fault}`;
    logger.error({ event: 'file.kept', source, reason }, reason);
    return undefined;
  }
  try {
    const { sha256, path, ledgerId } = release;
    return await standingOf(release, () => store.ledger.hasContentAt(sha256, path, ledgerId), signal);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    logger.warn({ event: 'file.kept', source, reason: meaningOf(error) });
    return undefined;
  }
}

/** Records which files go, durably, and which stay. @returns those that go */
function decide(judged: readonly Judged[], context: BaseInHand): Release[] {
  const settled = judged.filter(({ standing }) => standing.is !== 'written');
  if (settled.length === 0) return [];
  const { store, clock, crash } = context;
  const nowMs = clock.nowMs();
  const going = writeTransaction(store.state, () => {
    assertHeld(context);
    return settled.flatMap(({ release, standing }) => {
      if (standing.is !== 'it') {
        store.releases.keep(release.id);
        return [];
      }
      const { fingerprint } = standing;
      return store.releases.begin(release.id, fingerprint, nowMs) ? [{ ...release, fingerprint }] : [];
    });
  });
  crash.reach('archive.released');
  return going;
}

/** Those that could not be removed are tried again with the next job of the base. */
function removeAll(releases: readonly Release[], fence: Fence, context: BaseInHand): void {
  const { store, job, crash, logger } = context;
  const ends: { release: Release; is: 'removed' | 'kept' }[] = [];
  for (const release of releases) {
    if (!canBeSeen(release.path, store.routes.byId(release.routeId)?.warehouse)) continue;
    try {
      const is = removeReleased(release, () => fence.assertHeld({ job }));
      ends.push({ release, is });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      logger.warn({ event: 'file.kept', source: toText(release.path), reason: meaningOf(error) });
    }
    crash.reach('archive.released');
  }
  const refused = syncAll(ends.map(({ release }) => dirname(release.path)));
  const durable = ends.filter(({ release }) => !refused.has(dirname(release.path)));
  if (durable.length === 0) return;
  lazyTransaction(store.state, () => {
    assertHeld(context);
    for (const { release, is } of durable) {
      if (is === 'removed') store.releases.removed(release.id);
      else store.releases.keep(release.id);
    }
  });
  for (const { release, is } of durable) {
    const source = toText(release.path);
    if (is === 'removed')
      logger.info({ event: 'file.released', source, archive: release.archive, member: release.member });
    else logger.warn({ event: 'file.kept', source, reason: 'another file stands there by now' });
  }
}

/** @returns the directories that refused */
function syncAll(directories: readonly BytePath[]): Set<BytePath> {
  return new Set(
    [...new Set(directories)].filter((directory) => {
      try {
        fsyncDirectory(directory);
        return false;
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        // Somebody has removed it with all that was in it.
        return errno !== 'ENOENT';
      }
    }),
  );
}

/** One archive at a time, since files of one come after each other. */
class OpenArchive {
  readonly #base: string;
  #archive: string | undefined;
  #set: ArchiveSet | undefined;

  constructor(base: string) {
    this.#base = base;
  }

  /** What is wrong with the archive's copy of a file; undefined where it was read and is the same. */
  async faultOf({ archive, member, sha256 }: Release): Promise<string | undefined> {
    const set = this.#open(archive);
    const found = set.find(member, sha256);
    return found === undefined ? 'it is not there' : await faultOfStored(set, found, sha256);
  }

  close(): void {
    this.#set?.close();
    this.#set = undefined;
  }

  #open(archive: string): ArchiveSet {
    if (this.#set !== undefined && this.#archive === archive) return this.#set;
    this.close();
    this.#set = ArchiveSet.open(this.#base, archive);
    this.#archive = archive;
    return this.#set;
  }
}
