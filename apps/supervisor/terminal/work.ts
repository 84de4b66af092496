import type { Rates, Totals } from '../../../shared/metrics/meter.ts';
import { formatBytes, formatCount } from './figures.ts';

/** What a run does with files: takes them into custody, uploads them, or both. */
export type Work = { takes: boolean; sends: boolean };

/** `12,345 committed`, `12 uploaded`. */
export const doneParts = ({ files, uploaded }: Totals, { takes, sends }: Work): string[] => [
  ...(takes || !sends ? [`${formatCount(files)} committed`] : []),
  ...(sends ? [`${formatCount(uploaded)} uploaded`] : []),
];

/** `1,234 files/s`, `2.3 MB/s`: of what is taken; where nothing is, of what is uploaded; where both are, of each. */
export function rateParts(rates: Rates, { takes, sends }: Work): string[] {
  const taken = [`${formatCount(rates.filesPerSecond)} files/s`, `${formatBytes(rates.bytesPerSecond)}/s`];
  if (!sends) return taken;
  const { uploadsPerSecond, uploadBytesPerSecond } = rates;
  if (!takes) return [`${formatCount(uploadsPerSecond)} files/s`, `${formatBytes(uploadBytesPerSecond)}/s`];
  return [...taken, `${formatCount(uploadsPerSecond)} uploads/s`, `${formatBytes(uploadBytesPerSecond)}/s`];
}
