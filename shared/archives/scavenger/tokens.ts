import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, errnoOf } from '../../errors.ts';

/** A holder that was not heard of for so long has lost its lease. */
export const LEASE_MS = 60_000;

const TOKEN = /^\d{20}$/;

/** The directory of a lease: twenty decimal digits. */
export const tokenDirectory = (work: string, token: number): string =>
  join(work, String(token).padStart(20, '0'));

/** @returns ascending */
export function tokensIn(work: string): number[] {
  const tokens = readdirSync(work)
    .filter((name) => TOKEN.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
  if (!Number.isSafeInteger((tokens.at(-1) ?? 0) + 1)) throw notOurs(work);
  return tokens;
}

/** @returns false where it is there */
export function makeToken(work: string, token: number): boolean {
  try {
    mkdirSync(tokenDirectory(work, token));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const notOurs = (work: string): EnvironmentError =>
  new EnvironmentError(`${work} has a directory with a number that no scavenger gave it`, {
    code: 'archive.work',
    op: 'read',
    subject: work,
    hint: 'stop all scavengers, and remove the directory with the highest number',
  });
