import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { CaseResult, Results } from '../results.ts';
import { formatFiles } from './format.ts';

const FILE = new URL('../results.json', import.meta.url);

export const readResults = (): Results =>
  existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { cases: [] };

/** With this result in place of an older one of the same case. */
export const withCase = ({ cases }: Results, result: CaseResult): Results => ({
  cases: [...cases.filter(({ name }) => name !== result.name), result],
});

export function writeResults(results: Results): void {
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 1)}\n`);
  formatFiles([FILE]);
}

/** Six digits are more than any of these figures has. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
