/** The middle value; of an even number of them the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

export const lowest = (values: readonly number[]): number => Math.min(...values);
export const highest = (values: readonly number[]): number => Math.max(...values);

/**
 * How much was done a second once the program had started: `amount` a run, less the median start-up, since that of one run says
 * little about that of the next. NaN where the start-up took as long as the whole run: then nothing was measured.
 */
export function netRates(amount: number, seconds: readonly number[], startUps: readonly number[]): number[] {
  const startUp = median(startUps);
  return seconds.map((taken) => (taken > startUp ? amount / (taken - startUp) : Number.NaN));
}
