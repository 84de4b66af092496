export type Backoff = { baseMs: number; capMs: number };

/**
 * How long to wait before attempt number `attempt` + 1: full jitter below a bound that doubles, so that jobs that failed together
 * do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, { baseMs, capMs }: Backoff, random: () => number): number {
  const boundMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.ceil(random() * boundMs);
}
