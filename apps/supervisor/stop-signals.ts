/** What sends the signals: `process`, or an EventEmitter in a test. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * One request may come twice: Ctrl-C in a terminal reaches the whole process group, and npm, which is in it, passes it on once
 * more; systemd does the like with SIGTERM. So soon after the first, a signal is no second request.
 */
const SAME_REQUEST_MS = 200;

/** The two requests to stop that a person or a service manager can make. */
export class StopSignals {
  readonly #source: SignalSource;
  readonly #sameRequestMs: number;
  readonly #first = Promise.withResolvers<NodeJS.Signals>();
  readonly #second = Promise.withResolvers<NodeJS.Signals>();
  #firstAtMs: number | undefined;

  constructor(source: SignalSource, monotonicMs: () => number, sameRequestMs = SAME_REQUEST_MS) {
    this.#source = source;
    this.#sameRequestMs = sameRequestMs;
    this.#listener = (signal) => {
      const nowMs = monotonicMs();
      this.#first.resolve(signal);
      this.#firstAtMs ??= nowMs;
      if (nowMs - this.#firstAtMs > this.#sameRequestMs) this.#second.resolve(signal);
    };
    for (const signal of SIGNALS) source.on(signal, this.#listener);
  }

  readonly #listener: (signal: NodeJS.Signals) => void;

  /** Stop in good order. */
  get first(): Promise<NodeJS.Signals> {
    return this.#first.promise;
  }

  /** Stop at once. */
  get second(): Promise<NodeJS.Signals> {
    return this.#second.promise;
  }

  /** Gives the signals back their default action. */
  close(): void {
    for (const signal of SIGNALS) this.#source.off(signal, this.#listener);
  }
}
