import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import { type FromChild, fromChildSchema, type ToChild } from './messages.ts';

export type ChildChannelEvents = {
  onMessage(message: FromChild): void;
  /** A message came that is not one of ours; it was dropped. */
  onRefused(reason: string): void;
};

/** The supervisor's end of the channel to one child. Its methods never throw: a child may be gone at any moment. */
export class ChildChannel {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, events: ChildChannelEvents) {
    this.#child = child;
    child.on('message', (raw) => {
      const parsed = fromChildSchema.safeParse(raw);
      if (parsed.success) events.onMessage(parsed.data);
      else events.onRefused(z.prettifyError(parsed.error));
    });
  }

  /** Sends, or does nothing where the child is gone. Order is kept; arrival is not promised. */
  send(message: ToChild): void {
    if (!this.#child.connected) return;
    try {
      // With a callback a failed write is told there, and not by an 'error' event that would have to be caught.
      this.#child.send(message, () => undefined);
    } catch {
      // The channel closed in between.
    }
  }
}
