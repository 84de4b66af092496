import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { State } from '../../../shared/state/open.ts';
import { lazyTransaction } from '../../../shared/state/transaction.ts';
import { KeptFiles, type KeptPath } from '../../../shared/uploads/kept-files.ts';
import type { SteadyClock } from '../completion/steady-clock.ts';
import type { DiscoveredRoute } from '../route.ts';
import { isGone } from './is-gone.ts';

export type KeptSweeperOptions = {
  state: State;
  clock: SteadyClock;
  signal: AbortSignal;
  /** How long a file that is gone is remembered: its file system may come back. */
  keepRecordsDays?: number | undefined;
};

/** Rows looked at between two turns of the event loop. */
const PAGE = 500;

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const KEEP_DAYS = 90;

/** Forgets the files that were uploaded and kept, and that somebody took away long ago. */
export class KeptSweeper {
  readonly #options: KeptSweeperOptions;
  readonly #kept: KeptFiles;
  readonly #sweptMs = new Map<number, number>();

  constructor(options: KeptSweeperOptions) {
    this.#options = options;
    this.#kept = new KeptFiles(options.state);
  }

  /** To be called after a whole scan of a route whose input is there. Does nothing where it was done a while ago. */
  async sweep(route: DiscoveredRoute): Promise<void> {
    const { clock, signal } = this.#options;
    const { nowMs } = clock.read();
    const isLately = Math.abs(nowMs - (this.#sweptMs.get(route.id) ?? Number.NEGATIVE_INFINITY)) < EVERY_MS;
    if (!route.keepsFiles || isLately) return;
    this.#sweptMs.set(route.id, nowMs);
    const { sinkId } = route.job;
    let after: BytePath | undefined;
    for (;;) {
      const page = this.#kept.page(sinkId, after, PAGE);
      const last = page.at(-1);
      if (last === undefined) return;
      this.#judge(sinkId, page, nowMs);
      after = last.path;
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
  }

  #judge(sinkId: number, page: readonly KeptPath[], nowMs: number): void {
    const { state, keepRecordsDays = KEEP_DAYS } = this.#options;
    const seen = page.map((row) => ({ ...row, isGone: isGone(row.path) }));
    const news = seen.filter((row) => row.isGone !== (row.goneMs !== undefined));
    const beforeMs = nowMs - keepRecordsDays * DAY_MS;
    const old = seen.filter(({ isGone: is, goneMs }) => is && goneMs !== undefined && goneMs < beforeMs);
    if (news.length + old.length === 0) return;
    lazyTransaction(state, () => {
      for (const { path, isGone: is } of news) this.#kept.mark(sinkId, path, is ? nowMs : undefined);
      for (const { path } of old) this.#kept.remove(sinkId, path);
    });
  }
}
