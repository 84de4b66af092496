import type { Meter, Rates } from '../../../shared/metrics/meter.ts';
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
  // A file that is taken and then uploaded, loaded, or archived, is two.
  const isHandedOn = work.sends || work.loads === true || work.archives === true;
  const unit = work.takes && isHandedOn ? 'jobs' : 'files';
  return (width) => {
    const { files, duplicates, failed, uploaded, loadedFiles, archivedFiles } = meter.totals;
    const now = rates.next();
    const latest = stats.latest();
    const done = files + duplicates + failed + uploaded + loadedFiles + archivedFiles;
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
        isScanning() ? 'looking for more' : `${timeLeft(left, perSecond(now))} left`,
        ...rateParts(now, work),
      ],
      width,
    );
  };
}

const perSecond = (rates: Rates): number =>
  rates.filesPerSecond + rates.uploadsPerSecond + rates.loadsPerSecond + rates.archivedPerSecond;

/** A task of many files is one job, and so is a base of archives: of those, files are counted. */
function leftIn(stats: QueueStats | undefined): number {
  if (stats === undefined) return 0;
  const many = [stats.kinds.load, stats.kinds.scavenge].filter((kind) => kind !== undefined);
  const jobs = many.reduce((sum, { ready, leased }) => sum + ready + leased, 0);
  const files = (stats.loads?.waitingFiles ?? 0) + (stats.archives?.waitingFiles ?? 0);
  return stats.ready + stats.leased - jobs + files;
}

const timeLeft = (files: number, filesPerSecond: number): string => {
  if (files === 0) return '0s';
  return filesPerSecond <= 0 ? '–' : formatDuration(Math.ceil(files / filesPerSecond));
};
