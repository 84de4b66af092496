/** The wall clock and a clock that never jumps, both in milliseconds: an argument, so that tests can turn it. */
export type Clock = {
  /** Milliseconds since 1970, whole. */
  nowMs(): number;
  /** Milliseconds since some moment, never stepping; keeps running while the process is stopped. */
  monotonicMs(): number;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
};
