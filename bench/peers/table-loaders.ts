import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { needsPostgres, type Postgres, startPostgres } from '../../test/support/postgres.ts';

/** A database that both sides load into, a new one each time. */
export type TableBench = {
  name: string;
  /** The reference, as a person would do it. */
  peer: string;
  /** What `atOnce` does. */
  bound: string;
  make(root: string): Promise<Table>;
};

export type Table = {
  /** As `--into` takes it. */
  into: string;
  env: NodeJS.ProcessEnv;
  /** One statement for all files, where the database has it, or one a file without further ado. @returns seconds from fork to exit */
  copy(directory: string): number;
  /** A transaction for each file, with its record. */
  each(directory: string): number;
  /** All rows in one statement, and where the database can take but one file in it, from one: more than that nobody can load in a connection. */
  atOnce(directory: string): number;
  rows(): Promise<number>;
};

const CHILD = fileURLToPath(new URL('./duckdb-child.ts', import.meta.url));

export const duckdb = (create: string): TableBench => ({
  name: 'DuckDB',
  peer: "DuckDB's COPY",
  bound: 'all in one COPY',
  async make(root) {
    mkdirSync(root, { recursive: true });
    const path = join(root, 'tables.duckdb');
    const run = (mode: string, directory: string) =>
      timed(process.execPath, [CHILD, mode, path, directory, create], {});
    return {
      into: `duckdb:${path}`,
      env: {},
      copy: (directory) => run('copy', directory),
      atOnce: (directory) => run('copy', directory),
      each: (directory) => run('each', directory),
      async rows() {
        const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
        const connection = await instance.connect();
        const [row] = (
          await connection.runAndReadAll('SELECT count(*) AS n FROM credit')
        ).getRowObjectsJson();
        connection.closeSync();
        instance.closeSync();
        return Number(row?.n);
      },
    };
  },
});

/** Undefined where there is no server to measure with. */
export async function postgres(
  create: string,
  context: { after(end: () => unknown): void },
): Promise<TableBench | undefined> {
  if (needsPostgres.skip !== false) return undefined;
  // The server asks of a test's context that it ends it, and no more.
  const server: Postgres = await startPostgres(context as unknown as Parameters<typeof startPostgres>[0]);
  return {
    name: 'PostgreSQL',
    peer: 'psql \\copy',
    bound: 'the rows of all in one file, one \\copy',
    async make(root) {
      mkdirSync(root, { recursive: true });
      const { url, database } = await server.makeDatabase();
      const copyOf = (path: string) => `\\copy credit FROM '${path}' (FORMAT csv, HEADER, NULL 'NA')`;
      const psql = (lines: readonly string[]) => {
        const script = join(root, 'script.sql');
        writeFileSync(
          script,
          [`${create};`, 'CREATE TABLE loads (name text PRIMARY KEY);', ...lines, ''].join('\n'),
        );
        return timed('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-f', script, url], server.env);
      };
      return {
        into: url,
        env: server.env,
        copy: (directory) => psql(readdirSync(directory).map((name) => copyOf(join(directory, name)))),
        each: (directory) =>
          psql(
            readdirSync(directory).map(
              (name) =>
                `BEGIN;\n${copyOf(join(directory, name))}\nINSERT INTO loads VALUES ('${name}');\nCOMMIT;`,
            ),
          ),
        atOnce(directory) {
          const path = join(root, 'all.csv');
          const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
          const bodies = texts.map((text) => text.slice(text.indexOf('\n') + 1));
          writeFileSync(path, `${texts[0]?.split('\n', 1)[0]}\n${bodies.join('')}`);
          return psql([copyOf(path)]);
        },
        async rows() {
          const [row] = await server.query('SELECT count(*) AS n FROM credit', [], database);
          return Number(row?.n);
        },
      };
    },
  };
}

function timed(program: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const startedMs = performance.now();
  const run = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${program} ended with ${run.status}: ${run.stderr.trim()}`);
  return (performance.now() - startedMs) / 1000;
}
