import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runProgram } from '../support/program.ts';
import { ROWS, SCHEMA } from './credit/columns.ts';
import { countFiles, countsSql } from './credit/count-files.ts';
import { writeCreditFiles } from './credit/write-files.ts';
import { Stage } from './stage.ts';

/** Half a minute that shows tables: a day of hourly files, a worker that dies while it loads, a file that comes again, and SQL at the end. */

const HOURS = 24;
const say = (line = ''): void => console.log(line);

await using stage = new Stage(say);
const database = join(stage.root, 'tables.duckdb');
const config = join(stage.root, 'wharfinger.yaml');
const died = join(stage.root, 'died');
const settings = {
  state_path: join(stage.root, 'state.db'),
  warehouse: stage.warehouse,
  manifests: stage.manifests,
  workers: 2,
  stability_seconds: 1,
  routes: [
    {
      input: stage.input,
      dedupe: 'none',
      sinks: [
        {
          type: 'load',
          target: `duckdb:${database}`,
          table: 'credit',
          task_bytes: '2MiB',
          task_wait_seconds: 2,
          schema: SCHEMA,
        },
      ],
    },
  ],
};
// JSON is YAML too.
writeFileSync(config, JSON.stringify(settings, null, 2));
say(`Everything happens in ${stage.root}\n`);
say('$ wharfinger start --config wharfinger.yaml     # one route, with a sink of type load');

say(`\n1. ${ROWS} rows of credit histories, in ${HOURS} hourly files`);
const outbox = join(stage.root, 'outbox');
const files = writeCreditFiles({ directory: outbox, seed: 7, rows: ROWS, hours: HOURS, end: new Date() });
const counted = countFiles(files);
stage.say(`counted in the files: ${JSON.stringify(counted)}`);
await stage.startWith(config, { WHARFINGER_CRASH_AT: 'load.committed:2', WHARFINGER_CRASH_ONCE: died });
for (const path of files) copyFileSync(path, join(stage.input, basename(path)));

say(
  '\n2. A worker is killed with kill -9 right after the database has committed, before the state file knows',
);
const death = await stage.program.waitFor('worker.died');
stage.say(`${death.name} died of ${death.signal}; another one finds the records, and doubles nothing`);
await stage.loaded(HOURS);

say('\n3. One of the files comes again, under another name');
copyFileSync(String(files[3]), join(stage.input, 'resent.csv'));
await stage.loaded(HOURS + 1);

say('\n4. A file that is no CSV');
writeFileSync(join(stage.input, 'broken.csv'), 'id,age\n1,"42\n2,43\n');
const failed = await stage.program.waitFor('load.failed');
stage.say(String(failed.reason));
await stage.stop();

say('\n5. The table, asked with SQL');
const instance = await DuckDBInstance.create(database, { access_mode: 'READ_ONLY' });
const connection = await instance.connect();
const [found] = (await connection.runAndReadAll(countsSql('credit'))).getRowObjectsJson();
const numbers = Object.fromEntries(Object.entries(found ?? {}).map(([name, value]) => [name, Number(value)]));
stage.say(`in the table:         ${JSON.stringify(numbers)}`);
const rejects = await connection.runAndReadAll(
  'SELECT count(DISTINCT (file_name, line)) AS n, any_value(reason) AS reason FROM wharfinger_rejects',
);
const [rejected] = rejects.getRowObjectsJson();
stage.say(`rejected rows:        ${rejected?.n}, for example: ${rejected?.reason}`);
instance.closeSync();
const { rejects: expectedRejects, ...expected } = counted;
assert.deepEqual(numbers, expected);
assert.equal(Number(rejected?.n), expectedRejects);
stage.say('the same as in the files, row for row');

for (const command of [['load', 'list'], ['verify']]) {
  say(`\n$ wharfinger ${command.join(' ')}`);
  const { stdout, stderr } = await runProgram([...command, '--state-path', settings.state_path]);
  say(`${stdout}${stderr}`.trim());
}
