import type { TargetTrouble } from '../errors.ts';

/** What a failure means; `meaning` is for a person. */
export type Verdict = { trouble: TargetTrouble; code: string; meaning: string; hint?: string };

const away = (meaning: string, code = 'load.away', hint?: string): Verdict => ({
  trouble: 'away',
  code,
  meaning,
  ...(hint === undefined ? {} : { hint }),
});
const refused = (code: string, meaning: string, hint: string): Verdict => ({
  trouble: 'refused',
  code,
  meaning,
  hint,
});

const PASSWORD = refused(
  'load.password',
  'the server does not let this user in',
  'check the user in the URL, the password in PGPASSWORD or ~/.pgpass, and pg_hba.conf of the server',
);
const SCHEMA = 'the schema of the table does not exist';
const CHANGED = refused(
  'load.table-changed',
  'the table is not what it was',
  'give it back the columns that its files have, or load into another table',
);

/** By SQLSTATE. */
export const BY_STATE: ReadonlyMap<string, Verdict> = new Map([
  ['57014', away('the server cancelled the statement', 'load.cancelled')],
  [
    '55P03',
    away(
      'the table is locked by somebody else',
      'load.locked',
      'see pg_locks and pg_blocking_pids() of the server',
    ),
  ],
  ['55006', away('the table is in use by somebody else', 'load.locked')],
  ['40P01', away('the load and another transaction waited for each other', 'load.deadlock')],
  ['40001', away('the load and another transaction met', 'load.deadlock')],
  ['53100', away('the disk of the server is full', 'load.disk-full', 'make room on the server')],
  ['53300', away('the server has no connection left', 'load.connections')],
  ['25P03', away('the server ended a transaction that was idle for too long')],
  ['25P04', away('the server ended a transaction that took too long')],
  [
    '25006',
    away(
      'the server or the database is read-only',
      'load.read-only',
      'let the URL name the primary server, and see default_transaction_read_only',
    ),
  ],
  ['28P01', PASSWORD],
  ['28000', PASSWORD],
  ['3D000', refused('load.no-database', 'the database does not exist', 'create it, or mend the URL')],
  [
    '3F000',
    refused('load.no-schema', SCHEMA, 'CREATE SCHEMA it, or name another one in the table of the sink'),
  ],
  [
    '42501',
    refused(
      'load.rights',
      'the user lacks a right',
      'GRANT it INSERT and SELECT on the table, wharfinger_loads and wharfinger_rejects, UPDATE on wharfinger_loads, and CREATE on the schema where they are not there yet',
    ),
  ],
  ['42P01', CHANGED],
  ['42703', CHANGED],
  ['42701', CHANGED],
  [
    '54011',
    refused(
      'load.too-many-columns',
      'a table of PostgreSQL has no more than 1600 columns',
      'load into DuckDB or Parquet',
    ),
  ],
]);

/** By the first two characters of the SQLSTATE. */
export const BY_CLASS: ReadonlyMap<string, Verdict> = new Map([
  ['08', away('the connection failed')],
  ['57', away('the server is shutting down or starting up')],
  ['53', away('the server lacks resources', 'load.resources')],
  ['58', away('the system of the server failed', 'load.server-failed')],
  ['XX', away('the server failed', 'load.server-failed')],
  ['40', away('the server rolled the load back', 'load.rolled-back')],
]);

/** Neither a row nor the way to the server is wrong. */
export const OTHER = refused('load.refused', 'the server refuses the load', 'see what the server says');

const UNREACHED = away('the server cannot be reached');

export const BY_ERRNO: ReadonlyMap<string, Verdict> = new Map([
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'].map(
    (errno) => [errno, UNREACHED] as const,
  ),
  // The socket of a server that is not running.
  ['ENOENT', UNREACHED],
  [
    'EACCES',
    refused('load.rights', 'the socket of the server may not be opened', 'check the rights of its directory'),
  ],
  ['ENOTFOUND', away('the name of the server is not known', 'load.away', 'check the host in the URL')],
  ['EAI_AGAIN', away('the name of the server cannot be looked up now')],
]);
