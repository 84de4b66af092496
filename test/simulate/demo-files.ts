import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Stage } from './stage.ts';

/** Half a minute that shows what the program is for: one folder, five things that happen to files, and the manifest that came out. */

const say = (line = ''): void => console.log(line);

await using stage = new Stage(say);
say(`Everything happens in ${stage.root}\n`);
say(
  `$ wharfinger start --input staging --warehouse warehouse --manifests manifests --stability-seconds 1 --workers 2`,
);
const died = join(stage.root, 'died');
await stage.start(['--stability-seconds', '1', '--workers', '2'], {
  WHARFINGER_CRASH_AT: 'place.renamed:3',
  WHARFINGER_CRASH_ONCE: died,
});

say('\n1. A slow copy: somebody writes big.csv for three seconds');
const slow = openSync(join(stage.input, 'big.csv'), 'w');
for (let chunk = 1; chunk <= 6; chunk++) {
  writeSync(slow, `id,income\n${'7,7000\n'.repeat(20_000)}`);
  stage.say(`chunk ${chunk} of 6; lines in the manifest: ${stage.manifest().length}`);
  await stage.pause(500);
}
closeSync(slow);
const big = await stage.ingested('big.csv');
stage.say(`closed, quiet for a second, taken whole: ${big.size} bytes → ${stage.short(big.path)}`);

say('\n2. A rename: orders.csv.tmp becomes orders.csv');
writeFileSync(join(stage.input, 'orders.csv.tmp'), 'id\n1\n2\n');
renameSync(join(stage.input, 'orders.csv.tmp'), join(stage.input, 'orders.csv'));
const orders = await stage.ingested('orders.csv');
stage.say(`taken → ${stage.short(orders.path)}`);

say('\n3. A duplicate: the same rows again, under another name');
cpSync(String(orders.path), join(stage.input, 'orders-resent.csv'));
const duplicate = await stage.program.waitFor('file.duplicate');
stage.say(`not ingested again; set aside → ${stage.short(duplicate.moved_to)}`);

say('\n4. A worker is killed with kill -9 right after it has moved a file, before the manifest knows');
for (const name of ['a.csv', 'b.csv', 'c.csv']) writeFileSync(join(stage.input, name), `rows of ${name}\n`);
const death = await stage.program.waitFor('worker.died');
stage.say(`${death.name} died of ${death.signal}; lines in the manifest: ${stage.manifest().length}`);
for (const name of ['a.csv', 'b.csv', 'c.csv']) await stage.ingested(name);
stage.say(
  `another worker took over: a.csv, b.csv and c.csv are there${existsSync(died) ? '' : ' (nobody died)'}`,
);
await stage.stop();

say('\n5. The manifest that came out');
for (const { path, sha256, size, id } of stage.manifest()) {
  const shown = readFileSync(path).length === size ? 'file there, size right' : 'WRONG';
  stage.say(
    `${String(id).padStart(2)}  ${sha256.slice(0, 12)}…  ${String(size).padStart(7)} bytes  ${stage.short(path)}  (${shown})`,
  );
}
say('\n$ wharfinger verify --deep');
const { stdout, stderr } = await stage.verify();
say(`${stdout}${stderr}`.trim());
