import type { Measure } from '../results.ts';
import { highest, lowest, median } from '../statistics.ts';

/** Three digits, with thousands separated by commas. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return 'not measured';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const middle = ({ values }: Measure): string => figure(median(values));

export const spread = ({ values }: Measure): string =>
  values.length < 2 ? '1 value' : `${figure(lowest(values))} – ${figure(highest(values))}`;

/** `at least 0.50: met`; empty where nothing is aimed at. */
export function verdict({ values, target }: Measure): string {
  if (target === undefined) return '';
  const { atLeast, below, every = false } = target;
  const parts: string[] = [];
  if (atLeast !== undefined)
    parts.push(`at least ${figure(atLeast)}: ${met((every ? lowest : median)(values) >= atLeast)}`);
  if (below !== undefined)
    parts.push(`below ${figure(below)}: ${met((every ? highest : median)(values) < below)}`);
  return parts.join(', ');
}

const met = (isMet: boolean): string => (isMet ? 'met' : '**missed**');
