import { z } from 'zod';
import { type FromChild, type ToChild, toChildSchema } from './messages.ts';

/** What is needed of `process` in a forked child. */
export type ForkedProcess = Pick<NodeJS.Process, 'send' | 'connected' | 'on'>;

export type ParentChannelEvents = {
  onMessage(message: ToChild): void;
  onRefused(reason: string): void;
  /** The supervisor closed the channel or is dead, also by SIGKILL: the kernel closes its end. Called once, soon if it is so already. */
  onParentGone(): void;
};

/** A child's end of the channel to its supervisor. Its methods never throw: the supervisor may be gone at any moment. */
export class ParentChannel {
  readonly #process: ForkedProcess;
  readonly #gone = Promise.withResolvers<void>();
  #lastSent: Promise<void> = Promise.resolve();

  constructor(process: ForkedProcess, events: ParentChannelEvents) {
    this.#process = process;
    process.on('message', (raw) => {
      const parsed = toChildSchema.safeParse(raw);
      if (parsed.success) events.onMessage(parsed.data);
      else events.onRefused(z.prettifyError(parsed.error));
    });
    if (process.connected) process.on('disconnect', () => this.#gone.resolve());
    else this.#gone.resolve();
    void this.#gone.promise.then(() => events.onParentGone());
  }

  /** Sends, or does nothing where the supervisor is gone. Order is kept. */
  send(message: FromChild): void {
    if (!this.#process.connected) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastSent = promise;
    try {
      this.#process.send?.(message, undefined, undefined, () => resolve());
    } catch {
      // The channel closed in between.
      resolve();
    }
  }

  /** Resolves when all that was sent is on its way, or nobody is there to have it: then the process may exit. */
  flush(): Promise<void> {
    return Promise.race([this.#lastSent, this.#gone.promise]);
  }
}
