import { resolve } from 'node:path';
import { z } from 'zod';
import type { LoadTarget } from './settings.ts';

const SCHEMES = ['duckdb', 'parquet'] as const;
const SCHEME = /^(duckdb|parquet):(.+)$/s;
const POSTGRES = /^postgres(ql)?:\/\//;

/** A target as a person writes it. A password in it would stand in the state file, in process lists and logs. */
export const targetText = z.string().superRefine((text, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (SCHEME.test(text)) {
    const [, , path = ''] = SCHEME.exec(text) ?? [];
    if (path.includes('\0') || path.includes('\uFFFD')) refuse('is not a valid UTF-8 path');
    else if (path === '~' || path.startsWith('~/'))
      refuse('has a path that begins with ~, which only the shell understands; write the whole path');
    else if (path.startsWith('//')) refuse('is no address: duckdb: and parquet: take a path of this machine');
    return;
  }
  if (!POSTGRES.test(text)) {
    refuse('is not a target');
    return;
  }
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.pathname.length < 2)
    refuse('is no address of a database: postgres://user@host/database');
  else if (url.password !== '' || url.searchParams.has('password'))
    refuse('has a password in it; leave it out, and give it as PGPASSWORD or in ~/.pgpass');
});

/** The same with its path absolute; it starts at `base`. */
export function absoluteTarget(text: string, base: string): string {
  const [, scheme, path] = SCHEME.exec(text) ?? [];
  return scheme === undefined || path === undefined ? text : `${scheme}:${resolve(base, path)}`;
}

/** What an absolute target names. */
export function targetOf(text: string): LoadTarget {
  const [, scheme, path = ''] = SCHEME.exec(text) ?? [];
  switch (scheme) {
    case SCHEMES[0]:
      return { is: 'duckdb', path };
    case SCHEMES[1]:
      return { is: 'parquet', directory: path };
    default:
      return { is: 'postgres', url: text };
  }
}

/** The target as a person writes it; also what a kept schema is found by. */
export function targetName(target: LoadTarget): string {
  switch (target.is) {
    case 'duckdb':
      return `duckdb:${target.path}`;
    case 'parquet':
      return `parquet:${target.directory}`;
    case 'postgres':
      return target.url;
  }
}

const TABLE = /^[A-Za-z][A-Za-z0-9_]{0,62}(\.[A-Za-z][A-Za-z0-9_]{0,62})?$/;

export const tableText = z
  .string()
  .refine((name) => TABLE.test(name), {
    error: 'cannot be the name of a table: letters, digits and _, a letter first, with a schema before a dot',
  })
  .refine((name) => !/(^|\.)wharfinger_/i.test(name), {
    error: 'begins with wharfinger_, as the tables of records do',
  });
