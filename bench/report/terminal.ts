import type { Machine } from '../machine.ts';
import type { CaseResult, Measure } from '../results.ts';
import type { Sizes } from '../sizes.ts';
import { middle, spread, verdict } from './numbers.ts';

/** What stands above the figures of a run. */
export const describeRun = (machine: Machine, sizes: Sizes): string =>
  [
    `wharfinger ${machine.version}, Node ${machine.node}, Linux ${machine.kernel}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.fileSystem}`,
    `durability: ${machine.durability}`,
    `sizes: ${sizes}; load in the last minute: ${machine.loadBefore.toFixed(1)}`,
  ].join('\n');

export const describeCase = ({ title, tookSeconds, ratios, figures, notes }: CaseResult): string =>
  [
    `\n${title} (${tookSeconds} s)`,
    ...[...ratios, ...figures].map(line),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');

const line = (measure: Measure): string =>
  `  ${middle(measure).padStart(10)} ${measure.unit.padEnd(8)} ${measure.what}  (${spread(measure)})  ${verdict(measure)}`.trimEnd();
