import type { Rates, Totals } from '../../../shared/metrics/meter.ts';
import { formatBytes, formatCount } from './figures.ts';

/** What a run does with files: takes them into custody, uploads them, loads them into tables, puts them into archives. */
export type Work = { takes: boolean; sends: boolean; loads?: boolean; archives?: boolean };

/** `12,345 committed`, `12 uploaded`, `12 loaded`, `12 archived`. */
export const doneParts = (
  totals: Totals,
  { takes, sends, loads = false, archives = false }: Work,
): string[] => [
  ...(takes || !(sends || loads) ? [`${formatCount(totals.files)} committed`] : []),
  ...(sends ? [`${formatCount(totals.uploaded)} uploaded`] : []),
  ...(loads || totals.loadedFiles > 0 ? [`${formatCount(totals.loadedFiles)} loaded`] : []),
  ...(archives || totals.archivedFiles > 0 ? [`${formatCount(totals.archivedFiles)} archived`] : []),
];

/** `1,234 files/s`, `2.3 MB/s`: of what is taken; where nothing is, of what is uploaded or loaded; where several are, of each. */
export function rateParts(rates: Rates, { takes, sends, loads = false }: Work): string[] {
  const rows = loads ? [`${formatCount(rates.rowsPerSecond)} rows/s`] : [];
  if (loads && !takes && !sends) return [`${formatCount(rates.loadsPerSecond)} files/s`, ...rows];
  return [...fileRates(rates, { takes, sends }), ...rows];
}

function fileRates(rates: Rates, { takes, sends }: Work): string[] {
  const taken = [`${formatCount(rates.filesPerSecond)} files/s`, `${formatBytes(rates.bytesPerSecond)}/s`];
  if (!sends) return taken;
  const { uploadsPerSecond, uploadBytesPerSecond } = rates;
  if (!takes) return [`${formatCount(uploadsPerSecond)} files/s`, `${formatBytes(uploadBytesPerSecond)}/s`];
  return [...taken, `${formatCount(uploadsPerSecond)} uploads/s`, `${formatBytes(uploadBytesPerSecond)}/s`];
}
