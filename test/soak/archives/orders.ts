/** What the programs of the soak are told, as JSON. */

export type WriterOrders = {
  base: string;
  /** Where it keeps its journal. */
  journals: string;
  /** For files that are picked up, and those without names. */
  temporary: string;
  rotateSeconds: number;
  seed: number;
  /** No other writer has or had it. */
  tag: string;
};

export type ScavengerOrders = {
  base: string;
  everySeconds: number;
  rotateSeconds: number;
  volumeBytes: number;
  flush: boolean;
};
