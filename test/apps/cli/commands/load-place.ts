import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { askFile } from '../../../support/duckdb-file.ts';
import { type Exit, runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';

/** A store, a DuckDB file, and the program run on them. */
export function place(t: TestContext) {
  const root = tempDir(t);
  const [store, input, file, statePath] = ['store', 'in', 't.duckdb', 'state.db'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  mkdirSync(store);
  mkdirSync(input);
  const run = (...args: string[]): Promise<Exit> => runProgram([...args, '--state-path', statePath]);
  const scan = (...more: string[]): Promise<Exit> =>
    run(
      'scan',
      '--store',
      store,
      '--into',
      `duckdb:${file}`,
      '--table',
      'orders',
      '--stability-seconds',
      '0',
      '--once',
      ...more,
    );
  const load = (): Promise<Exit> => run('load', '--once', '--workers', '2', '--log-format', 'json');
  const write = (name: string, content: string): string => {
    writeFileSync(join(store, name), content);
    return join(store, name);
  };
  const ask = (sql: string): Promise<unknown[][]> => askFile(file, sql);
  return { root, store, input, file, run, scan, load, write, ask, statePath };
}

export const COUNT = 'SELECT count(*), sum(id) FROM orders';
