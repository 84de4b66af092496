/** When a file of this ctime was touched, at the latest: no file is to look older than it is. Some file systems keep whole seconds. */
export function latestCtimeMs(ctimeNs: bigint): number {
  const isWholeSecond = ctimeNs % 1_000_000_000n === 0n;
  return Number(ctimeNs / 1_000_000n) + (isWholeSecond ? 1000 : TICK_MS);
}

/** The kernel stamps files with the time of its last tick: at 100 Hz, up to this long ago. */
const TICK_MS = 10;
