import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { cannotMount } from '../support/mounts.ts';
import type { Stage } from './stage.ts';

/** A case from the life of a staging directory. `play` returns what was wrong; nothing where all was as it should be. */
export type Scene = { title: string; play(stage: Stage): Promise<string[]> };

const STABILITY = ['--stability-seconds', '1', '--workers', '2'];

const expect = (holds: boolean, otherwise: string): string[] => (holds ? [] : [otherwise]);

const slowCopy: Scene = {
  title: 'A slow copy: five chunks, half a second apart, with the file open all the while',
  async play(stage) {
    await stage.start(STABILITY);
    const file = openSync(join(stage.input, 'slow.csv'), 'w');
    for (let chunk = 1; chunk <= 5; chunk++) {
      writeSync(file, `chunk ${chunk}\n`.repeat(1000));
      stage.say(`chunk ${chunk} of 5 written; manifest has ${stage.manifest().length} lines`);
      await stage.pause(500);
    }
    const early = stage.manifest().length;
    closeSync(file);
    stage.say('closed; now it has to stay untouched for a second');
    const { path, size } = await stage.ingested('slow.csv');
    stage.say(`taken whole: ${size} bytes at ${stage.short(path)}`);
    return [
      ...expect(early === 0, 'it was taken before it was complete'),
      ...expect(size === 40_000, 'it was taken in part'),
    ];
  },
};

const pausingCopy: Scene = {
  title: 'A copy that pauses for longer than the stability window, but keeps the file open',
  async play(stage) {
    await stage.start(STABILITY);
    const file = openSync(join(stage.input, 'pausing.csv'), 'w');
    writeSync(file, 'first half\n');
    await stage.pause(2500);
    const early = stage.manifest().length;
    stage.say(
      `2.5 s of silence; manifest has ${early} lines, because the kernel says that somebody has it open for writing`,
    );
    writeSync(file, 'second half\n');
    closeSync(file);
    const { size } = await stage.ingested('pausing.csv');
    stage.say(`closed and taken whole: ${size} bytes`);
    return [
      ...expect(early === 0, 'it was taken while it was open'),
      ...expect(size === 23, 'it was taken in part'),
    ];
  },
};

const renamed: Scene = {
  title: 'Written as orders.csv.tmp, renamed to orders.csv when done',
  async play(stage) {
    await stage.start(STABILITY);
    const temporary = join(stage.input, 'orders.csv.tmp');
    writeFileSync(temporary, 'id\n1\n');
    await stage.pause(1800);
    const early = stage.manifest().length;
    stage.say(`orders.csv.tmp lies there for 1.8 s: manifest has ${early} lines`);
    renameSync(temporary, join(stage.input, 'orders.csv'));
    const { path } = await stage.ingested('orders.csv');
    stage.say(`renamed, and taken as ${stage.short(path)}`);
    return [
      ...expect(early === 0, 'the temporary file was taken'),
      ...expect(stage.manifest().length === 1, 'not exactly one line'),
    ];
  },
};

const acrossFileSystems: Scene = {
  title: 'The warehouse behind a bind mount: rename says EXDEV, so it is copied, fsynced and renamed',
  async play(stage) {
    const skipped = cannotMount();
    if (skipped !== undefined) {
      stage.say(`left out: ${skipped}`);
      return [];
    }
    stage.bindWarehouse();
    await stage.start(STABILITY);
    writeFileSync(join(stage.input, 'far.csv'), 'far away\n', { mode: 0o640 });
    const { path } = await stage.ingested('far.csv');
    const isGone = readdirSync(stage.input).length === 0;
    stage.say(`copied to ${stage.short(path)}; the source is gone: ${isGone ? 'yes' : 'no'}`);
    const [line] = stage.linesOf('far.csv');
    return [
      ...expect(
        line !== undefined && stage.isTrue(line),
        'the copy has not the content that the manifest says',
      ),
      ...expect(isGone, 'the source is still there'),
    ];
  },
};

const resent: Scene = {
  title: 'The same content again, under another name',
  async play(stage) {
    await stage.start(STABILITY);
    writeFileSync(join(stage.input, 'monday.csv'), 'the same rows\n');
    await stage.ingested('monday.csv');
    writeFileSync(join(stage.input, 'tuesday.csv'), 'the same rows\n');
    const { moved_to } = await stage.program.waitFor('file.duplicate');
    stage.say(`monday.csv is in the manifest; tuesday.csv was set aside at ${stage.short(moved_to)}`);
    return expect(stage.manifest().length === 1, 'the same content was ingested twice');
  },
};

const killed: Scene = {
  title: 'Everything killed with kill -9 between the move and the manifest line, then started again',
  async play(stage) {
    const names = Array.from({ length: 50 }, (_, n) => `part-${n}.csv`);
    for (const name of names) writeFileSync(join(stage.input, name), `rows of ${name}\n`);
    const pause = join(stage.root, 'paused');
    await stage.start(['--stability-seconds', '0', '--workers', '1'], {
      WHARFINGER_PAUSE_AT: 'place.directories-durable',
      WHARFINGER_PAUSE_FILE: pause,
    });
    while (!readdirSync(stage.root).includes('paused')) await stage.pause(20);
    const moved = 50 - readdirSync(stage.input).length;
    const lines = stage.manifest().length;
    await stage.kill();
    stage.say(`killed with ${moved} of 50 files moved and ${lines} manifest lines written`);
    await stage.start(['--stability-seconds', '0', '--workers', '2']);
    for (const name of names) await stage.ingested(name);
    stage.say(
      `started again: ${stage.manifest().length} manifest lines, ${readdirSync(stage.input).length} files left in staging`,
    );
    const wrong = names.filter(
      (name) => stage.linesOf(name).length !== 1 || !stage.linesOf(name).every((line) => stage.isTrue(line)),
    );
    return expect(wrong.length === 0, `not exactly once: ${wrong.join(', ')}`);
  },
};

const rotated: Scene = {
  title: 'A log that is rotated by rename while its daemon goes on writing to it',
  async play(stage) {
    await stage.start(STABILITY);
    const daemon = openSync(join(stage.input, 'app.log.tmp'), 'a');
    writeSync(daemon, 'line 1\n');
    renameSync(join(stage.input, 'app.log.tmp'), join(stage.input, 'app.log.1'));
    await stage.pause(2000);
    const early = stage.manifest().length;
    stage.say(`renamed 2 s ago and still open: manifest has ${early} lines`);
    writeSync(daemon, 'line 2\n');
    closeSync(daemon);
    const { size } = await stage.ingested('app.log.1');
    stage.say(`the daemon let go: taken with ${size} bytes, both lines in it`);
    return [
      ...expect(early === 0, 'it was taken while it was written'),
      ...expect(size === 14, 'a line is missing'),
    ];
  },
};

const withSidecar: Scene = {
  title: 'Sidecar mode: taken when report.csv.ok is there, and only if its checksum is right',
  async play(stage) {
    await stage.start(['--mode', 'sidecar', '--workers', '2']);
    const report = join(stage.input, 'report.csv');
    writeFileSync(report, 'a,b\n');
    await stage.pause(500);
    const early = stage.manifest().length;
    writeFileSync(join(stage.input, 'bad.csv'), 'x\n');
    writeFileSync(join(stage.input, 'bad.csv.ok'), `${'0'.repeat(64)}  bad.csv\n`);
    const sum = execFileSync('sha256sum', ['report.csv'], { cwd: stage.input });
    appendFileSync(`${report}.ok`, sum);
    await stage.ingested('report.csv');
    const { reason } = await stage.program.waitFor('file.failed');
    stage.say(`report.csv taken with its checksum; bad.csv refused: ${reason}`);
    return expect(
      early === 0 && stage.manifest().length === 1,
      'the sidecar was not waited for, or not checked',
    );
  },
};

export const SCENES: readonly Scene[] = [
  slowCopy,
  pausingCopy,
  renamed,
  rotated,
  withSidecar,
  acrossFileSystems,
  resent,
  killed,
];
