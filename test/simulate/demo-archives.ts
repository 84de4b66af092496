import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../support/program.ts';
import { Writer } from './archives/crew.ts';
import { Stage } from './stage.ts';

/** Half a minute that shows archives: writers of which one is killed, a scavenger that is killed, a route with a sink, and `unzip` at the end. */

const FILES = 2_000;
const say = (line = ''): void => console.log(line);

await using stage = new Stage(say);
const base = join(stage.root, 'archives');
const inbox = join(base, 'inbox');
mkdirSync(base);
say(`Everything happens in ${stage.root}\n`);

say(
  `1. Four processes write small files into two archives, ${FILES} each, without a server and without locks`,
);
say(
  "   const file = archives.open('render/logs.zip/render-1/00000.txt'); await file.write(…); await file.close();",
);
const writers = ['render-1', 'render-2', 'render-3'].map((name) => new Writer(base, name, FILES));
const victim = new Writer(base, 'render-4', Number.MAX_SAFE_INTEGER);
await victim.acknowledgedFiles(500);
await victim.kill();
for (const writer of writers) await writer.finished();
for (const { name, acknowledged } of [...writers, victim])
  stage.say(`${name}: ${acknowledged.length} files were acknowledged`);

say('\n2. render-4 was killed with kill -9 in the midst of it: its staging archive has no directory');
for (const name of staged()) stage.say(`${name}: unzip -t says ${unzipVerdict(join(inbox, name))}`);

say('\n3. A scavenger is killed with kill -9 after its first archive, before the second has its name');
const killed = await runProgram(['archive', 'scavenge', base], {
  WHARFINGER_CRASH_AT: 'scavenge.before-rename:2',
});
stage.say(`died of ${killed.signal}; ${staged().length} staging archives are still there`);
assert.equal(killed.signal, 'SIGKILL');

say('\n$ wharfinger archive scavenge archives');
const scavenged = await runProgram(['archive', 'scavenge', base]);
say(`${scavenged.stdout}${scavenged.stderr}`.trim());
assert.deepEqual(staged(), []);
stage.say('the files of the archive that was published already were found there, and not stored twice');

say('\n4. Every file that was acknowledged is there, once');
const found = ['render/logs.zip', 'render/frames.zip'].flatMap((archive) =>
  namesIn(join(base, archive)).map((name) => `${archive}/${name}`),
);
const acknowledged = [...writers, victim].flatMap((writer) => writer.acknowledged);
const counted = new Map<string, number>();
for (const path of found) counted.set(path, (counted.get(path) ?? 0) + 1);
assert.deepEqual(
  acknowledged.filter((path) => counted.get(path) !== 1),
  [],
);
assert.equal(counted.size, found.length);
stage.say(
  `${acknowledged.length} acknowledged, ${found.length} found; ${found.length - acknowledged.length} more were whole when their writer died, before it was told so`,
);

say(
  '\n5. The same as a sink: what is dropped into a directory is committed, and put into an archive of its hour',
);
const settings = {
  state_path: join(stage.root, 'state.db'),
  warehouse: stage.warehouse,
  manifests: stage.manifests,
  workers: 1,
  stability_seconds: 0,
  routes: [
    {
      input: stage.input,
      sinks: [{ type: 'archive', base, archive: '{ingest_date}/{hour}.zip/{path}', publish_seconds: 2 }],
    },
  ],
};
const config = join(stage.root, 'wharfinger.yaml');
// JSON is YAML too.
writeFileSync(config, JSON.stringify(settings, null, 2));
for (const month of ['09', '10', '11'])
  writeFileSync(join(stage.input, `orders-2026-${month}.csv`), `id,income\n${month},${'7'.repeat(40)}\n`);
say('$ wharfinger start --config wharfinger.yaml --once     # one route, with a sink of type archive');
const once = await runProgram(['start', '--config', config, '--once']);
assert.equal(once.code, 0, once.stderr);
const [hourly = ''] = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /^\d.*\.zip$/.test(path),
);
for (const command of [
  ['trace', join(stage.input, 'orders-2026-09.csv')],
  ['verify', '--deep'],
]) {
  say(`\n$ wharfinger ${stage.short(command.join(' '))}`);
  const { stdout, stderr } = await runProgram([...command, '--state-path', settings.state_path]);
  say(shortened(`${stdout}${stderr}`));
}

say(`\n$ unzip -l archives/${hourly}`);
say(shortened(execFileSync('unzip', ['-l', join(base, hourly)], { encoding: 'utf8' })));

function shortened(output: string): string {
  return output.replaceAll(`${stage.root}/`, '').trim();
}

function staged(): string[] {
  return readdirSync(inbox).filter((name) => /\.(zip|open|taken)$/.test(name));
}

function unzipVerdict(path: string): string {
  const { status } = spawnSync('unzip', ['-tq', path], { stdio: 'ignore' });
  return status === 0 ? 'no errors' : `it is no zip file (exit code ${status})`;
}

function namesIn(archive: string): string[] {
  return execFileSync('unzip', ['-Z1', archive], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    .trim()
    .split('\n');
}
