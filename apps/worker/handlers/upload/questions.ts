import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../../shared/clock.ts';
import type { BucketRow } from '../../../../shared/uploads/buckets.ts';

/** Whether a bucket can be sent to. */
export type Answer = { is: 'open' } | { is: 'closed'; untilMs: number; reason: string } | { is: 'stopped' };

/** What a server is being asked. `over` never rejects. `isLeft`: files were put back that are to be told. */
export type Question = {
  bucket: BucketRow;
  startedMs: number;
  over: Promise<void>;
  answer: Answer | undefined;
  failure: { error: unknown } | undefined;
  isLeft: boolean;
};

export const isQuestion = (asked: Answer | Question): asked is Question => 'over' in asked;

/** A server that is well has answered long before, and the files of other buckets do not wait for one that hangs. */
const PATIENCE_MS = 2_000;

/** Files that were put back are looked at again after this where the answer does not wake them. */
const ASKED_MS = 15_000;

export type QuestionsOptions = {
  clock: Clock;
  patienceMs?: number | undefined;
  ask(bucket: BucketRow, forAll: boolean): Promise<Answer>;
  /** The answer is good news for files that were put back. */
  onLateOpen(bucket: BucketRow): void;
};

/** The questions that are on their way to servers, one a bucket. A batch waits for them a little; they go on without it. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #asked = new Map<number, Question>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  get any(): boolean {
    return this.#asked.size > 0;
  }

  of(bucketId: number): Question | undefined {
    return this.#asked.get(bucketId);
  }

  begin(bucket: BucketRow, forAll = false): Question {
    const question: Question = {
      bucket,
      startedMs: this.#options.clock.monotonicMs(),
      over: Promise.resolve(),
      answer: undefined,
      failure: undefined,
      isLeft: false,
    };
    this.#asked.set(bucket.id, question);
    question.over = this.#settle(question, forAll);
    return question;
  }

  /** What goes wrong is met by those who wait, or by the next who ask. */
  async #settle(question: Question, forAll: boolean): Promise<void> {
    const { ask, onLateOpen } = this.#options;
    const { bucket } = question;
    try {
      question.answer = await ask(bucket, forAll);
      if (question.isLeft && question.answer.is === 'open') onLateOpen(bucket);
    } catch (error) {
      question.failure = { error };
    } finally {
      this.#asked.delete(bucket.id);
    }
  }

  /** Until there is an answer, or it has been waited for long enough since it was asked. */
  async wait({ over, startedMs }: Question, signal: AbortSignal): Promise<void> {
    const { clock, patienceMs = PATIENCE_MS } = this.#options;
    const leftMs = startedMs + patienceMs - clock.monotonicMs();
    if (leftMs <= 0) return;
    const enough = new AbortController();
    const until = AbortSignal.any([enough.signal, signal]);
    await Promise.race([over, sleep(leftMs, undefined, { signal: until }).catch(() => undefined)]);
    enough.abort();
  }

  /** The answer as far as it is known: without one the file that asks is put back, and told. @throws what went wrong with the question */
  answerTo(question: Question, signal: AbortSignal): Answer {
    if (question.failure !== undefined) throw question.failure.error;
    if (question.answer !== undefined) return question.answer;
    if (signal.aborted) return { is: 'stopped' };
    question.isLeft = true;
    const { profile, bucket } = question.bucket;
    const reason = `it is not known yet whether there is a bucket ${bucket} at profile ${profile}: its server is slow to answer`;
    return { is: 'closed', untilMs: this.#options.clock.nowMs() + ASKED_MS, reason };
  }
}
