import type { Meter } from '../../../shared/metrics/meter.ts';
import { RecentRates } from '../../../shared/metrics/recent-rates.ts';
import type { QueueStats } from '../../../shared/queue/inspect/stats.ts';
import type { StatsSource } from '../stats-source.ts';
import { drawBar } from './draw-bar.ts';
import { formatCount, formatDuration } from './figures.ts';
import { fitParts } from './fit.ts';
import { rateParts, type Work } from './work.ts';

/**
 * What `--once` shows on a terminal: a bar, the files done of those known, the speed and the time left. While the pass is still
 * finding files, their number grows and there is no time left to tell.
 */
export function progressBar(
  meter: Meter,
  stats: StatsSource,
  work: Work,
  isScanning: () => boolean,
): (width: number) => string {
  const rates = new RecentRates(meter);
  let known: QueueStats | undefined;
  let doneThen = 0;
  // A file that is taken and then uploaded, or loaded, is two.
  const unit = work.takes && (work.sends || work.loads === true) ? 'jobs' : 'files';
  return (width) => {
    const { files, duplicates, failed, uploaded, loadedFiles } = meter.totals;
    const now = rates.next();
    const latest = stats.latest();
    const done = files + duplicates + failed + uploaded + loadedFiles;
    if (latest !== known) doneThen = done;
    known = latest;
    // What was done since the queue was read would otherwise count twice.
    const left = Math.max(0, leftIn(known) - (done - doneThen));
    const isOver = left === 0 && !isScanning();
    const share = isOver ? 1 : done / Math.max(1, done + left);
    return fitParts(
      [
        `⚓ ${drawBar(share, width)} ${Math.floor(share * 100)}%`,
        `${formatCount(done)}/${formatCount(done + left)} ${unit}`,
        ...(failed > 0 ? [`failed ${formatCount(failed)}`] : []),
        isScanning()
          ? 'looking for more'
          : `${timeLeft(left, now.filesPerSecond + now.uploadsPerSecond + now.loadsPerSecond)} left`,
        ...rateParts(now, work),
      ],
      width,
    );
  };
}

/** A task of many files is one job: of those, files are counted. */
function leftIn(stats: QueueStats | undefined): number {
  if (stats === undefined) return 0;
  const { ready = 0, leased = 0 } = stats.kinds.load ?? {};
  return stats.ready + stats.leased - ready - leased + (stats.loads?.waitingFiles ?? 0);
}

const timeLeft = (files: number, filesPerSecond: number): string => {
  if (files === 0) return '0s';
  return filesPerSecond <= 0 ? '–' : formatDuration(Math.ceil(files / filesPerSecond));
};
