import type { Meter } from '../../../shared/metrics/meter.ts';
import { RecentRates } from '../../../shared/metrics/recent-rates.ts';
import type { StatsSource } from '../stats-source.ts';
import { formatBytes, formatCount } from './figures.ts';
import { fitParts } from './fit.ts';

/** What `start` shows on a terminal: `⚓ 12,345 committed · 1,234 files/s · 2.3 MB/s · queue 512 · waiting 3 · failed 0`. */
export function statusLine(meter: Meter, stats: StatsSource): (width: number) => string {
  const rates = new RecentRates(meter);
  return (width) => {
    const { filesPerSecond, bytesPerSecond } = rates.next();
    const known = stats.latest();
    const failed = known === undefined ? [] : [`failed ${formatCount(known.failed)}`];
    const isFailing = (known?.failed ?? 0) > 0;
    const queue =
      known === undefined
        ? []
        : [`queue ${formatCount(known.depth)}`, `waiting ${formatCount(known.candidates)}`];
    return fitParts(
      [
        `⚓ ${formatCount(meter.totals.files)} committed`,
        // What needs a person is the last thing that a narrow terminal may leave out.
        ...(isFailing ? failed : []),
        `${formatCount(filesPerSecond)} files/s`,
        `${formatBytes(bytesPerSecond)}/s`,
        ...queue,
        ...(isFailing ? [] : failed),
      ],
      width,
    );
  };
}
