import type { Measure, Plot } from '../results.ts';
import { highest, lowest, median } from '../statistics.ts';

/** Measures of one unit, a bar each: the median, with a whisker from the lowest to the highest. */
export const barsOf = (name: string, title: string, measures: readonly Measure[]): Plot => ({
  name,
  title,
  form: 'bars',
  xLabel: '',
  yLabel: measures[0]?.unit ?? '',
  names: measures.map(({ what }) => what),
  series: [{ name: 'median', points: measures.map(({ values }, x) => ({ x, ...summary(values) })) }],
});

export const summary = (values: readonly number[]) => ({
  y: median(values),
  low: lowest(values),
  high: highest(values),
});
