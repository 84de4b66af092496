import type { Clock } from '../../../../shared/clock.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { findBucket } from '../../../../shared/object-store/bucket.ts';
import { failureOf } from '../../../../shared/object-store/failure.ts';
import { credentialsFault, type Stores } from '../../../../shared/object-store/stores.ts';
import { backoffMs } from '../../../../shared/queue/backoff.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { BucketRow } from '../../../../shared/uploads/buckets.ts';
import { type Answer, isQuestion, type Question, Questions } from './questions.ts';
import { type Accepted, type Ended, ended } from './stay.ts';
import type { UploadStore } from './store.ts';

export type GateOptions = {
  store: UploadStore;
  stores: Stores;
  clock: Clock;
  logger: Logger;
  random: () => number;
  retryMs: number;
  /** Aborts what is asked. */
  stopping: AbortSignal;
  /** How long files wait for the answer in hand; they are put back then. */
  patienceMs?: number | undefined;
};

/** A bucket that is missing is looked up again after this time, and credentials that will not do are read again. */
export const LOOK_AGAIN_MS = 60_000;

/** A provider that is away is asked again at least this often, however long it has been. */
const LONGEST_CLOSED_MS = 300_000;

/** Failures of a provider, one after the other, that a file may meet by itself: more of them are the provider's. */
const MOST_IN_A_ROW = 5;

/** As long as one may be asking for all. Longer than any of the time-outs of the question. */
const QUESTION_MS = 60_000;

/** Those who wait for the one who asks look again after this. */
const ANSWER_MS = 1_000;

/** What the state file said of a bucket is asked again after this: how late what another process has learned reaches a file that passed. */
const ANSWER_AGE_MS = 100;

type Closing = {
  pauseMs: number;
  reason: string;
  forAll?: boolean;
  /** It is the first that this process learns of the bucket. */
  isFirst?: boolean;
};

/**
 * Whether a bucket can be sent to. It is asked for before its first file in each process, and again after it was closed; what one process
 * learns, all know by the state file. While a bucket is closed its files wait at no charge, and not one of them pays to learn it again.
 */
export class Gate {
  readonly #options: GateOptions;
  /** Asked for since this process began: a new one does not wait for what an earlier one learned. */
  readonly #asked = new Set<number>();
  /** Seen to be there since then. */
  readonly #seen = new Set<number>();
  readonly #inARow = new Map<number, number>();
  readonly #refused = new Map<number, string>();
  readonly #lately = new Map<number, { row: BucketRow; askedMs: number }>();
  readonly #questions: Questions;

  constructor(options: GateOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.#questions = new Questions({
      ...options,
      ask: (row, forAll) => this.#look(row, forAll),
      onLateOpen: ({ id }) => writeTransaction(store.state, () => store.buckets.open(id, clock.nowMs())),
    });
  }

  /** Whether a server is being asked: its answer may make work. */
  get isAsking(): boolean {
    return this.#questions.any;
  }

  /**
   * Lets those pass whose bucket can be sent to, and those of which nothing is sent any more: they only leave. The files of a bucket whose
   * server is slow to say so are put back, so that the others of the batch go on; they are told when it has.
   */
  async pass(files: readonly Accepted[], signal: AbortSignal): Promise<(Accepted | Ended)[]> {
    const asked = new Map<number, Answer | Question>();
    for (const { plan, record } of files)
      if (record?.outcome === undefined && !asked.has(plan.bucket.id))
        asked.set(plan.bucket.id, this.#ask(plan.bucket.id));
    await Promise.all(
      [...asked.values()].map((each) => isQuestion(each) && this.#questions.wait(each, signal)),
    );
    // From here to where they are recorded as put back nothing is waited for, so that no answer falls in between.
    return files.map((file) => {
      const each = asked.get(file.plan.bucket.id);
      if (file.record?.outcome !== undefined || each === undefined) return file;
      const answer = isQuestion(each) ? this.#questions.answerTo(each, signal) : each;
      if (answer.is === 'open') return file;
      if (answer.is === 'stopped') return ended(file, { end: 'released' });
      const { reason, untilMs } = answer;
      return ended(file, { end: 'delayed', reason, runAtMs: untilMs, forBucket: true });
    });
  }

  /** Whether a bucket was closed since its files passed. @returns undefined where it was not */
  closed({ id }: BucketRow): { untilMs: number; reason: string } | undefined {
    const row = this.#latelyOf(id);
    return row.closedUntilMs > this.#options.clock.nowMs() ? closedBy(row) : undefined;
  }

  /** Why the provider refuses whoever asks with this key, as it was when its files passed: each of them fails with it. */
  refused({ id }: BucketRow): string | undefined {
    return this.#refused.get(id);
  }

  /** A file was sent: whatever was wrong with the provider is over. */
  works({ id }: BucketRow): void {
    this.#inARow.delete(id);
    if (this.#latelyOf(id).failures > 0) this.#open(id);
  }

  /** Asked for each file: not each time of the state file. */
  #latelyOf(id: number): BucketRow {
    const { store, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const known = this.#lately.get(id);
    if (known !== undefined && nowMs - known.askedMs < ANSWER_AGE_MS) return known.row;
    const row = rowOf(store, id);
    this.#lately.set(id, { row, askedMs: nowMs });
    return row;
  }

  /** A file met that the provider cannot be reached. @returns until when its bucket is closed */
  unreachable(bucket: BucketRow, reason: string): number {
    return this.#close(bucket.id, { pauseMs: this.#pauseMs(bucket.id), reason });
  }

  /** A file met that there is no such bucket. @returns until when it is closed */
  missing(bucket: BucketRow): number {
    this.#seen.delete(bucket.id);
    return this.#close(bucket.id, { pauseMs: LOOK_AGAIN_MS, reason: reasonOfMissing(bucket) });
  }

  /** A file failed for a reason that may be its own. @returns until when its bucket is closed, where too many did */
  stumbled(bucket: BucketRow, reason: string): number | undefined {
    const count = (this.#inARow.get(bucket.id) ?? 0) + 1;
    this.#inARow.set(bucket.id, count);
    return count < MOST_IN_A_ROW ? undefined : this.unreachable(bucket, reason);
  }

  #ask(id: number): Answer | Question {
    const { store, clock } = this.#options;
    const asking = this.#questions.of(id);
    if (asking !== undefined) return asking;
    const row = rowOf(store, id);
    const nowMs = clock.nowMs();
    if (!this.#asked.has(id)) return this.#questions.begin(row);
    if (row.closedUntilMs > nowMs) return closedBy(row);
    if (this.#seen.has(id) && row.failures === 0) return { is: 'open' };
    if (row.failures > 0) {
      const untilMs = nowMs + QUESTION_MS;
      const isOurs = writeTransaction(store.state, () => store.buckets.takeQuestion(row, untilMs));
      if (!isOurs) return { is: 'closed', untilMs: nowMs + ANSWER_MS, reason: row.reason ?? '' };
      return this.#questions.begin(row, true);
    }
    return this.#questions.begin(row);
  }

  /** @param forAll the others wait for the answer */
  async #look(row: BucketRow, forAll: boolean): Promise<Answer> {
    const { stores, stopping } = this.#options;
    const isFirst = !this.#asked.has(row.id);
    this.#asked.add(row.id);
    const closed = (pauseMs: number, reason: string): Answer => ({
      is: 'closed',
      untilMs: this.#close(row.id, { pauseMs, reason, forAll, isFirst }),
      reason,
    });
    try {
      const found = await findBucket(stores.get(row.credentials, row.profile), row.bucket, stopping);
      // By now the state file may be closed.
      if (stopping.aborted) return { is: 'stopped' };
      this.#refused.delete(row.id);
      if (found === 'missing') return closed(LOOK_AGAIN_MS, reasonOfMissing(row));
      this.#seen.add(row.id);
      if (row.failures > 0 || row.closedUntilMs > 0) this.#open(row.id);
      return { is: 'open' };
    } catch (error) {
      if (stopping.aborted) return { is: 'stopped' };
      const fault = credentialsFault(error);
      if (fault !== undefined) return closed(LOOK_AGAIN_MS, fault);
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      if (failure.kind === 'aborted') return { is: 'stopped' };
      if (failure.kind === 'permanent') {
        // The next files ask anew: a person may have mended the key or its rights meanwhile.
        this.#seen.delete(row.id);
        this.#refused.set(row.id, failure.reason);
        if (row.failures > 0) this.#open(row.id);
        return { is: 'open' };
      }
      this.#refused.delete(row.id);
      return closed(this.#pauseMs(row.id), failure.reason);
    }
  }

  #pauseMs(id: number): number {
    const { random, retryMs, store } = this.#options;
    const baseMs = Math.min(retryMs, LONGEST_CLOSED_MS);
    const { failures } = rowOf(store, id);
    return baseMs / 2 + backoffMs(failures, { baseMs: baseMs / 2, capMs: LONGEST_CLOSED_MS }, random);
  }

  /**
   * What many files meet at a time is one failure: it closes a bucket once, and for no longer. Says it as long as it is news: to all
   * processes, and to each when it begins.
   */
  #close(id: number, { pauseMs, reason, forAll = false, isFirst = false }: Closing): number {
    const { store, clock, logger } = this.#options;
    const nowMs = clock.nowMs();
    this.#lately.delete(id);
    const untilMs = Math.ceil(nowMs + pauseMs);
    const { row, isNews } = writeTransaction(store.state, () => {
      const row = rowOf(store, id);
      const isOpen = forAll || row.closedUntilMs <= nowMs;
      if (isOpen) store.buckets.close(id, untilMs, reason);
      return { row, isNews: isOpen && (row.failures === 0 || row.reason !== reason) };
    });
    if (isNews || isFirst) {
      const message = `${placeOf(row)}: ${reason}; its files wait, and go on by themselves`;
      logger.error({ event: 'bucket.closed', ...fieldsOf(row), reason }, message);
    }
    return rowOf(store, id).closedUntilMs;
  }

  #open(id: number): void {
    const { store, clock, logger } = this.#options;
    this.#lately.delete(id);
    const woken = writeTransaction(store.state, () => store.buckets.open(id, clock.nowMs()));
    const row = rowOf(store, id);
    logger.info(
      { event: 'bucket.open', ...fieldsOf(row), jobs: woken },
      `${placeOf(row)} can be sent to again`,
    );
  }
}

function rowOf({ buckets }: UploadStore, id: number): BucketRow {
  const row = buckets.byId(id);
  if (row === undefined) throw new Error(`bucket ${id} is not in the state file`);
  return row;
}

const closedBy = ({ closedUntilMs, reason }: BucketRow) => ({
  is: 'closed' as const,
  untilMs: closedUntilMs,
  reason: reason ?? '',
});

const placeOf = ({ profile, bucket }: BucketRow): string => `s3://${profile}/${bucket}`;
const fieldsOf = ({ profile, bucket }: BucketRow) => ({ profile, bucket });

const reasonOfMissing = ({ profile, bucket }: BucketRow): string =>
  `there is no bucket ${bucket} at profile ${profile}; make it`;
