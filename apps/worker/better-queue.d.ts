/** The part of better-queue 3.8 that the workers use; the package has no types of its own. */
declare module 'better-queue' {
  type Options = {
    store: unknown;
    batchSize: number;
    concurrent: number;
  };
  export default class BetterQueue<Task> {
    /** `work` is given one task where `batchSize` is 1, which may itself be a list, and a list of tasks otherwise. */
    constructor(work: (task: Task, done: (error?: unknown) => void) => void, options: Options);
    pause(): void;
    /** Takes from the store again; also how it is told that there may be something new. */
    resume(): void;
  }
}
