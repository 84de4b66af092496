import { toText } from '../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import { type Candidate, Candidates } from '../../../shared/queue/candidates.ts';
import type { State } from '../../../shared/state/open.ts';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import type { Occasion } from '../completion/completion.ts';
import type { SteadyClock } from '../completion/steady-clock.ts';
import { Findings, type Verdict } from '../enqueue/findings.ts';
import type { Writer } from '../enqueue/writer.ts';
import type { Judge } from '../judge.ts';
import type { DiscoveredRoute } from '../route.ts';
import { LACKS } from '../words.ts';

/** Candidates looked at between two turns of the event loop. */
const PAGE = 1000;

export type MinderOptions = {
  state: State;
  judge: Judge;
  writer: Writer;
  clock: SteadyClock;
  logger: Logger;
  signal: AbortSignal;
};

/** Looks at candidates when they are due. They are kept in the state file, so memory does not grow with them. */
export class Minder {
  readonly #options: MinderOptions;
  readonly #candidates: Candidates;

  constructor(options: MinderOptions) {
    this.#options = options;
    this.#candidates = new Candidates(options.state);
  }

  /**
   * Looks at each candidate of a route that is due by `untilMs`; then it is settled, or due later.
   *
   * @returns how many jobs are new
   */
  async lookAtDue(route: DiscoveredRoute, untilMs: number): Promise<number> {
    let enqueued = 0;
    for (;;) {
      // The clock may be set back meanwhile: what is then due later must not count as due again.
      const page = this.#candidates.due(route.id, Math.min(untilMs, this.#options.clock.read().nowMs), PAGE);
      if (page.length === 0) return enqueued;
      enqueued += (await this.#look(route, page, 'due')).enqueued;
    }
  }

  /** When the next candidate of a route is due. */
  nextDueMs(route: DiscoveredRoute): number | undefined {
    return this.#candidates.nextDueMs(route.id);
  }

  /** Reports the candidates of a route that have waited for too long, each once. */
  async reportOverdue(route: DiscoveredRoute, nowMs: number): Promise<void> {
    for (;;) {
      const page = this.#candidates.overdue(route.id, nowMs - route.settings.overdueMs, PAGE);
      if (page.length === 0) return;
      const { verdicts } = await this.#look(route, page, 'named');
      const waiting = page.filter((_, index) => STILL_WAITS.has(verdicts[index]?.is));
      writeTransaction(this.#options.state, () => {
        for (const { path } of waiting) this.#candidates.markOverdue(path);
      });
      for (const candidate of waiting) this.#report(route, candidate, nowMs);
    }
  }

  async #look(
    route: DiscoveredRoute,
    page: readonly Candidate[],
    occasion: Occasion,
  ): Promise<{ verdicts: Verdict[]; enqueued: number }> {
    const { judge, writer, signal } = this.#options;
    const findings = new Findings();
    const verdicts = judge.session((moment) =>
      page.map(({ path }) => {
        const verdict = judge.look({ route, path, occasion, moment });
        findings.add(path, verdict);
        return verdict;
      }),
    );
    const enqueued = await writer.write(findings);
    await new Promise(setImmediate);
    signal.throwIfAborted();
    return { verdicts, enqueued };
  }

  #report(route: DiscoveredRoute, { path, waitsFor, firstSeenMs }: Candidate, nowMs: number): void {
    const seconds = Math.round((nowMs - firstSeenMs) / 1000);
    this.#options.logger.warn(
      {
        event: 'file.overdue',
        source: toText(path),
        route: route.name,
        waits_for: waitsFor,
        seen_seconds: seconds,
      },
      `${toText(path)} is still not complete after ${seconds} s: it waits for ${LACKS[waitsFor]}`,
    );
  }
}

const STILL_WAITS: ReadonlySet<Verdict['is'] | undefined> = new Set(['incomplete', 'waiting', 'unreadable']);
