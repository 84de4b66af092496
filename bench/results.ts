import type { Machine } from './machine.ts';
import type { Sizes } from './sizes.ts';

/** One thing that was measured, a value a repetition. */
export type Measure = {
  what: string;
  /** `x` for a ratio: ours divided by the reference of the same repetition. */
  unit: string;
  values: number[];
  /** What the median, or for `every` the worst value, is to reach. */
  target?: { atLeast?: number; below?: number; every?: boolean };
};

export type Series = { name: string; points: { x: number; y: number; low?: number; high?: number }[] };

/** `bars`: x is the position of a name in `names`. */
export type Plot = {
  name: string;
  title: string;
  form: 'bars' | 'lines';
  xLabel: string;
  yLabel: string;
  names?: string[];
  logX?: boolean;
  logY?: boolean;
  series: Series[];
};

/** What a case found, before it is known where and when. */
export type Findings = {
  ratios: Measure[];
  figures: Measure[];
  plots: Plot[];
  /** What a reader must know to judge the figures, also what could not be measured and why. */
  notes: string[];
};

export type CaseResult = Findings & {
  name: string;
  title: string;
  /** From when to when, with what, against what. */
  method: string;
  sizes: Sizes;
  takenAt: string;
  tookSeconds: number;
  machine: Machine;
};

/** The file `bench/results.json`: the newest result of each case. */
export type Results = { cases: CaseResult[] };
