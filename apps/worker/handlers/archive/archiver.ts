import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { NO_DELTA } from '../../delta.ts';
import { BaseHealth } from './base-health.ts';
import { depositFiles } from './deposit-files.ts';
import { type DepositedFile, ended, type FileToArchive, isEnded, type Step } from './file.ts';
import type { ArchiveOptions } from './handler.ts';
import { planOf } from './plan.ts';
import { reportDeposits } from './report.ts';
import { settle } from './settle.ts';
import { ArchiveStore } from './store.ts';
import type { ArchiveTools } from './tools.ts';

/** Deposits the files of a claim. The steps, and what each crash leaves, stand in docs/archives.md. */
export class Archiver {
  readonly #options: ArchiveOptions;
  readonly #tools: ArchiveTools;
  readonly #store: ArchiveStore;
  readonly #health: BaseHealth;

  constructor(options: ArchiveOptions, tools: ArchiveTools) {
    this.#options = options;
    this.#tools = tools;
    this.#store = new ArchiveStore(options.state);
    this.#health = new BaseHealth({ ...options, bases: this.#store.bases });
  }

  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    const { crash, stopping, logger, clock, onProgress } = this.#options;
    crash.reach('archive.claimed');
    const signal = AbortSignal.any([stopping, ...new Set(jobs.map(({ lease }) => lease.lost))]);
    const planned = planOf(jobs, this.#store);
    const steps: Step<DepositedFile>[] = planned.filter(isEnded);
    const files = planned.filter((step): step is FileToArchive => !isEnded(step));
    for (const group of Map.groupBy(files, ({ sink }) => `${sink.compression} ${sink.base}`).values())
      steps.push(...(await this.#deposit(group, signal)));
    for (const { lease } of jobs) lease.lost.throwIfAborted();
    crash.reach('archive.deposited');
    settle(steps, this.#store, clock.nowMs());
    crash.reach('archive.settled');
    const failed = reportDeposits(steps, logger);
    if (failed > 0) onProgress({ ...NO_DELTA, failed });
  }

  /** @param files of one base, packed in one way */
  async #deposit(files: readonly FileToArchive[], signal: AbortSignal): Promise<Step<DepositedFile>[]> {
    const { clock } = this.#options;
    const base = files[0]?.sink.base ?? '';
    if (signal.aborted) return files.map((file) => ended(file, { end: 'released' }));
    const refusal = this.#health.refusalOf(base);
    if (refusal !== undefined) return files.map((file) => ended(file, { end: 'delayed', ...refusal }));
    const { done, left, trouble } = await depositFiles(files, { tools: this.#tools, clock, signal });
    if (trouble === undefined) {
      if (done.some((step) => !isEnded(step))) this.#health.works(base);
      return [...done, ...left.map((file) => ended(file, { end: 'released' }))];
    }
    const refused = this.#health.refused(base, trouble);
    return [...done, ...left.map((file) => ended(file, { end: 'delayed', ...refused }))];
  }
}
