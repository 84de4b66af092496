import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** `copy DATABASE DIRECTORY CREATE`: one COPY of all files. `each …`: a transaction for each file, with its record. */
const [mode, database = '', directory = '', create = ''] = process.argv.slice(2);
const OPTIONS = "(HEADER, NULLSTR ['NA', ''])";

const instance = await DuckDBInstance.create(database, { threads: '2' });
const connection = await instance.connect();
await connection.run(create);
if (mode === 'copy') await connection.run(`COPY credit FROM '${directory}/*.csv' ${OPTIONS}`);
else {
  await connection.run('CREATE TABLE loads (name VARCHAR PRIMARY KEY)');
  for (const name of readdirSync(directory).toSorted()) {
    await connection.run('BEGIN');
    await connection.run(`COPY credit FROM '${join(directory, name)}' ${OPTIONS}`);
    await connection.run(`INSERT INTO loads VALUES ('${name}')`);
    await connection.run('COMMIT');
  }
}
connection.closeSync();
instance.closeSync();
