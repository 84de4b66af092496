import type { Meter } from '../../../shared/metrics/meter.ts';
import { RecentRates } from '../../../shared/metrics/recent-rates.ts';
import type { StatsSource } from '../stats-source.ts';
import { formatCount } from './figures.ts';
import { fitParts } from './fit.ts';
import { doneParts, rateParts, type Work } from './work.ts';

/** What a service shows on a terminal: `⚓ 12,345 committed · 1,234 files/s · 2.3 MB/s · queue 512 · waiting 3 · failed 0`, with `12 uploaded` where it does that, `12 loaded` and `to load 3`, `12 archived` and `to publish 3`. */
export function statusLine(meter: Meter, stats: StatsSource, work: Work): (width: number) => string {
  const rates = new RecentRates(meter);
  return (width) => {
    const now = rates.next();
    const [first = '', ...others] = doneParts(meter.totals, work);
    const known = stats.latest();
    const failed = known === undefined ? [] : [`failed ${formatCount(known.failed)}`];
    const isFailing = (known?.failed ?? 0) > 0;
    const queue =
      known === undefined
        ? []
        : [
            `queue ${formatCount(known.depth)}`,
            ...(work.takes || work.sends ? [`waiting ${formatCount(known.candidates)}`] : []),
            ...(work.loads ? [`to load ${formatCount(known.loads?.waitingFiles ?? 0)}`] : []),
            ...(work.archives ? [`to publish ${formatCount(known.archives?.waitingFiles ?? 0)}`] : []),
          ];
    return fitParts(
      [
        `⚓ ${first}`,
        ...others,
        // What needs a person is the last thing that a narrow terminal may leave out.
        ...(isFailing ? failed : []),
        ...rateParts(now, work),
        ...queue,
        ...(isFailing ? [] : failed),
      ],
      width,
    );
  };
}
