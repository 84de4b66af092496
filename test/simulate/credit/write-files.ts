import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../soak/random.ts';
import { COLUMNS } from './columns.ts';

export type CreditFiles = {
  directory: string;
  seed: number;
  /** In all files together. */
  rows: number;
  /** One file an hour, the last one hour before `end`. */
  hours: number;
  end: Date;
};

/** One row in so many says a word where a number belongs. */
const ODD = 5_000;

/**
 * Writes hourly files of made-up credit histories, in the shape of the exercise's: `NA` for what is not known, ages from 0 to 109, 96 and 98
 * for counts that nobody knows, ratios from 0 to many thousands. The same seed gives the same bytes. @returns their paths, oldest first
 */
export function writeCreditFiles({ directory, seed, rows, hours, end }: CreditFiles): string[] {
  mkdirSync(directory, { recursive: true });
  const random = new Random(seed);
  let id = 0;
  return Array.from({ length: hours }, (_, hour) => {
    const at = new Date(end.getTime() - (hours - hour) * 3_600_000);
    const count = Math.floor((rows * (hour + 1)) / hours) - Math.floor((rows * hour) / hours);
    const lines = Array.from({ length: count }, () => rowOf(++id, random).join(','));
    const path = join(directory, `credit-${at.toISOString().slice(0, 13)}.csv`);
    writeFileSync(path, `${[COLUMNS.join(','), ...lines].join('\n')}\n`);
    utimesSync(path, at, at);
    return path;
  });
}

/** In the order of `COLUMNS`. */
function rowOf(id: number, random: Random): (number | string)[] {
  const late = random.chance(0.002) ? random.pick([96, 98]) : undefined;
  const daysLate = (): number => late ?? (random.chance(0.1) ? random.whole(1, 13) : 0);
  return [
    id,
    random.chance(0.067) ? 1 : 0,
    random.chance(0.02) ? random.whole(1, 50_708) : random.fraction().toFixed(9),
    random.chance(1 / ODD) ? 'unknown' : random.whole(0, 109),
    daysLate(),
    random.chance(0.2) ? random.whole(1, 329_664) : random.fraction().toFixed(9),
    random.chance(0.198) ? 'NA' : random.whole(0, 25_000),
    random.whole(0, 58),
    daysLate(),
    random.whole(0, 5),
    daysLate(),
    random.chance(0.026) ? 'NA' : random.whole(0, 20),
  ];
}
