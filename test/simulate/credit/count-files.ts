import { readFileSync } from 'node:fs';
import { COLUMNS } from './columns.ts';

/** What a table of these files must say. */
export type CreditCounts = {
  rows: number;
  /** Rows with a word where a number belongs. */
  rejects: number;
  withoutIncome: number;
  ageSum: number;
  older100: number;
  serious: number;
};

/** Counts files by cutting their lines at the commas, and by nothing that the program uses. */
export function countFiles(paths: readonly string[]): CreditCounts {
  const counts: CreditCounts = {
    rows: 0,
    rejects: 0,
    withoutIncome: 0,
    ageSum: 0,
    older100: 0,
    serious: 0,
  };
  const at = (name: (typeof COLUMNS)[number]): number => COLUMNS.indexOf(name);
  for (const path of paths) {
    const lines = readFileSync(path, 'utf8').split('\n').slice(1).filter(Boolean);
    for (const line of lines) {
      const cells = line.split(',');
      if (cells.some((cell) => cell !== 'NA' && Number.isNaN(Number(cell)))) {
        counts.rejects++;
        continue;
      }
      const age = Number(cells[at('age')]);
      counts.rows++;
      counts.ageSum += age;
      if (age > 100) counts.older100++;
      if (cells[at('MonthlyIncome')] === 'NA') counts.withoutIncome++;
      if (cells[at('SeriousDlqin2yrs')] === '1') counts.serious++;
    }
  }
  return counts;
}

/** The same counts of the rows of a table, as SQL that DuckDB and PostgreSQL understand. */
export const countsSql = (table: string): string => `
  SELECT count(*) AS "rows", count(*) FILTER (WHERE "MonthlyIncome" IS NULL) AS "withoutIncome", sum(age) AS "ageSum",
    count(*) FILTER (WHERE age > 100) AS "older100", sum("SeriousDlqin2yrs") AS "serious"
  FROM ${table}`;
