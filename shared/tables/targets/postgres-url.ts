import { TargetError } from '../errors.ts';

export const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** A database, and how it is reached. */
export type PostgresPlace = {
  /** A directory, beginning with a slash, is that of its socket. */
  host: string;
  port: number;
  user: string;
  database: string;
  tls: TlsMode;
  /** Files, as libpq names them. */
  tlsFiles: { sslrootcert?: string; sslcert?: string; sslkey?: string };
  connectTimeoutMs: number;
  /** For a person: without anything secret. */
  text: string;
};

const DEFAULT_PORT = 5432;
/** A server that does not answer for as long is away. */
const CONNECT_TIMEOUT_MS = 10_000;
const PARAMETERS = [
  'host',
  'port',
  'user',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
];

/**
 * Reads `postgres://user@host:port/database?sslmode=require`; what it does not say comes from PGHOST, PGPORT, PGUSER, PGDATABASE and
 * PGSSLMODE, as with libpq.
 *
 * @throws TargetError, code `load.url`, where it has a password, or a parameter that is not known
 */
export function parsePostgresUrl(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): PostgresPlace {
  const parsed = read(url);
  if (parsed.password !== '' || parsed.searchParams.has('password'))
    throw wrong(
      'the URL of the database has a password',
      'put it into PGPASSWORD or ~/.pgpass, and take it out of the URL',
    );
  for (const name of parsed.searchParams.keys())
    if (!PARAMETERS.includes(name))
      throw wrong(
        `the URL of the database has ${name}, which is not known`,
        `known are ${PARAMETERS.join(', ')}`,
      );
  const given = (name: string, inUrl: string, variable: string): string | undefined =>
    [parsed.searchParams.get(name) ?? '', decoded(inUrl), env[variable] ?? ''].find((value) => value !== '');

  const host = given('host', parsed.hostname.replace(/^\[(.*)\]$/, '$1'), 'PGHOST') ?? 'localhost';
  const user = given('user', parsed.username, 'PGUSER') ?? env.USER ?? '';
  if (user === '')
    throw wrong('the URL of the database names no user', 'write it as postgres://user@host/database');
  const database = given('dbname', parsed.pathname.slice(1), 'PGDATABASE') ?? user;
  const port = Number(given('port', parsed.port, 'PGPORT') ?? DEFAULT_PORT);
  const tls = given('sslmode', '', 'PGSSLMODE') ?? 'prefer';
  if (!isTlsMode(tls)) throw wrong(`sslmode=${tls} is not known`, `use one of ${TLS_MODES.join(', ')}`);
  const timeoutS = Number(parsed.searchParams.get('connect_timeout') ?? Number.NaN);
  const file = (name: 'sslrootcert' | 'sslcert' | 'sslkey') => {
    const path = parsed.searchParams.get(name);
    return path === null ? {} : { [name]: path };
  };
  return {
    ...{ host, port, user, database },
    tls: host.startsWith('/') ? 'disable' : tls,
    tlsFiles: { ...file('sslrootcert'), ...file('sslcert'), ...file('sslkey') },
    connectTimeoutMs: timeoutS > 0 ? timeoutS * 1000 : CONNECT_TIMEOUT_MS,
    text: `PostgreSQL at ${host.includes(':') ? `[${host}]` : host}:${port}, database ${database}`,
  };
}

function read(url: string): URL {
  // The cause would show what it was given.
  if (!URL.canParse(url))
    throw wrong('the URL of the database cannot be read', 'write it as postgres://user@host/database');
  const parsed = new URL(url);
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')
    throw wrong(
      `the URL of the database begins with ${parsed.protocol}`,
      'write it as postgres://user@host/database',
    );
  return parsed;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong('the URL of the database cannot be read', 'write a percent sign in it as %25');
  }
}

const isTlsMode = (mode: string): mode is TlsMode => TLS_MODES.some((known) => known === mode);

const wrong = (message: string, hint: string) =>
  new TargetError('refused', message, { code: 'load.url', hint });
