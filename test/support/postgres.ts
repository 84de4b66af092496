import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, type SuiteContext, type TestContext } from 'node:test';
import pg from 'pg';

const DEBIAN = '/usr/lib/postgresql';
const USER = 'wharf';
const PASSWORD = 'postgres secret of tests';
const NOBODY = { uid: 65_534, gid: 65_534 };

export type Postgres = {
  /** Of the administrator's database, without a password. */
  url: string;
  /** Where its password is. */
  env: { PGPASSWORD: string };
  port: number;
  /** One statement of the administrator, in a connection of its own. */
  query(sql: string, values?: unknown[], database?: string): Promise<Record<string, unknown>[]>;
  /** A new database, so that tests do not meet; its URL and name. */
  makeDatabase(): Promise<{ url: string; database: string }>;
  /** The URL of another user or database of this server. */
  urlOf(place: { user?: string; database?: string }): string;
  /** Ends connections and then itself; returns when it has ended. May be called twice. */
  stop(): Promise<void>;
  /** The same as a crash does it: what was not committed is lost, and at its start it recovers. */
  kill(): Promise<void>;
  /** Starts it again, at the same port. */
  start(): Promise<void>;
};

const BINARIES = binaries();

/** Options of a test, or of a suite, that needs the server. */
export const needsPostgres: { skip: string | false } = {
  skip: BINARIES === undefined ? 'PostgreSQL is not installed: apt-get install postgresql' : false,
};

/** One server for all tests of a file, which calls this where it begins. Where there can be none, its tests are skipped by `needsPostgres`. */
export function postgresOfFile(): () => Postgres {
  let server: Postgres | undefined;
  before(async (context) => {
    if (needsPostgres.skip === false) server = await startPostgres(context);
  });
  return () => {
    if (server === undefined)
      throw new Error('the PostgreSQL server runs while tests do, where there is one');
    return server;
  };
}

/**
 * Starts a PostgreSQL server on the loopback, durable as a real one. It takes between one and two seconds. It ends after the test whose
 * context this is, or with the file whose `before` hook it is, and with this process in any case.
 */
export async function startPostgres(context: TestContext | SuiteContext): Promise<Postgres> {
  if (!('after' in context)) throw new Error('start PostgreSQL in a test, or in a hook outside of suites');
  if (BINARIES === undefined) throw new Error('PostgreSQL is not installed');
  const binaryDirectory = BINARIES;
  const directory = mkdtempSync(join(tmpdir(), 'wharfinger-postgres-'));
  const port = await freePort();
  let server: ChildProcess | undefined;
  context.after(async () => {
    // Without a checkpoint: nobody needs it any more.
    await end('SIGQUIT');
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  initialize(binaryDirectory, directory);

  const start = async () => {
    if (server !== undefined) return;
    const [command = '', ...words] = asUnprivileged([
      join(binaryDirectory, 'postgres'),
      ...['-D', join(directory, 'data'), '-p', `${port}`],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${directory}`],
      ...['-c', 'shared_buffers=32MB', '-c', 'max_connections=40', '-c', 'log_min_messages=log'],
    ]);
    const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env: ENVIRONMENT });
    server = child;
    await ready(child);
  };
  const end = async (signal: 'SIGINT' | 'SIGQUIT') => {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  await start();

  const urlOf = ({ user = USER, database = 'postgres' }: { user?: string; database?: string }) =>
    `postgres://${user}@127.0.0.1:${port}/${database}`;
  const query: Postgres['query'] = async (sql, values = [], database = 'postgres') => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database });
    await client.connect();
    try {
      const { rows } = await client.query(sql, values);
      return rows;
    } finally {
      await client.end();
    }
  };
  let databases = 0;
  return {
    url: urlOf({}),
    env: { PGPASSWORD: PASSWORD },
    port,
    query,
    makeDatabase: async () => {
      databases += 1;
      const database = `test_${databases}`;
      await query(`CREATE DATABASE ${database}`);
      return { url: urlOf({ database }), database };
    },
    urlOf,
    start,
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
  };
}

/** Messages that are read here are in English. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: process.env.PATH ?? '' };

/** The directory of `initdb` and `postgres`. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return places.find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')));
}

function initialize(binaryDirectory: string, directory: string): void {
  if (process.geteuid?.() === 0) execFileSync('chown', [`${owner().uid}:${owner().gid}`, directory]);
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  chmodSync(passwordFile, 0o644);
  const [command = '', ...words] = asUnprivileged([
    join(binaryDirectory, 'initdb'),
    ...['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256'],
    ...[`--username=${USER}`, `--pwfile=${passwordFile}`, '-D', join(directory, 'data')],
  ]);
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env: ENVIRONMENT, cwd: '/' });
}

/** PostgreSQL refuses to run as root. Whoever runs, it is told when this process is gone. */
function asUnprivileged(command: string[]): string[] {
  const { uid, gid } = owner();
  const become = process.geteuid?.() === 0 ? [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : [];
  return ['setpriv', ...become, '--pdeathsig', 'QUIT', ...command];
}

function owner(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return line === null ? NOBODY : { uid: Number(line[1]), gid: Number(line[2]) };
}

async function ready(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('the server has no stderr');
  let complaint = '';
  const lines = createInterface(child.stderr);
  const isReady = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      complaint = `${complaint}${line}\n`.slice(-4000);
      if (line.includes('database system is ready to accept connections')) resolve();
    });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`PostgreSQL did not start: ${complaint}`);
  });
  ended.catch(() => undefined);
  await Promise.race([isReady, ended]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  return address.port;
}
