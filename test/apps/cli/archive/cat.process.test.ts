import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildZip, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { cli } from '../../../support/cli.ts';
import { runBin } from '../run-bin.ts';
import { place, writeVolumes } from './archives.ts';

const BIN = fileURLToPath(new URL('../../../../bin/wharfinger.js', import.meta.url));

test('cat writes the bytes of a member, and nothing else, to a file or a pipe', (context) => {
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256));
  const made = place(context, [memberOf('a', 'other'), memberOf('dir/bytes', bytes)]);
  const fd = openSync(join(made.cwd, 'out'), 'w');
  const { exitCode, stderr } = runBin(['archive', 'cat', 'ar.zip', 'dir/bytes'], {
    cwd: made.cwd,
    stdout: fd,
  });
  closeSync(fd);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.ok(readFileSync(join(made.cwd, 'out')).equals(bytes));
  assert.equal(runBin(['archive', 'cat', 'ar.zip', 'a'], made).stdout, 'other');
});

test('cat finds a member in a further volume', (context) => {
  const made = place(context);
  writeVolumes(made);
  assert.equal(runBin(['archive', 'cat', 'ar.zip', 'in 10'], made).stdout, '10');
});

test('cat says that the CRC is wrong, and exits 4; of a small member nothing is written', (context) => {
  const made = place(context);
  for (const content of ['small', 'large'.repeat(100_000)]) {
    const { facts, ...rest } = memberOf('a', content, { store: true });
    made.write('ar.zip', buildZip([{ facts: { ...facts, crc32: 1 }, ...rest }]).bytes);
    const { exitCode, stdout, stderr } = runBin(['archive', 'cat', 'ar.zip', 'a'], made);
    assert.equal(exitCode, 4);
    assert.ok(stdout === (content === 'small' ? '' : content));
    assert.equal(stderr, 'ar.zip: a: has another CRC than its header says\n');
  }
});

test('cat takes a name as list shows it', (context) => {
  const { cwd } = place(context, [memberOf('a', 'other'), memberOf('two\nlines', 'these')]);
  assert.equal(runBin(['archive', 'cat', 'ar.zip', 'two\\nlines'], { cwd }).stdout, 'these');
});

test('cat of a member that is not there exits 2 with the nearest name', async (context) => {
  const { cwd } = place(context);
  const { exitCode, stderr } = await cli(['archive', 'cat', 'ar.zip', 'a.text'], { cwd });
  assert.deepEqual([exitCode, stderr], [2, 'wharfinger: ar.zip has no member a.text; did you mean a.txt?\n']);
  assert.equal((await cli(['archive', 'cat', 'ar.zip', 'dir'], { cwd })).exitCode, 2);
});

test('a reader that has gone is no error, and a slow one gets all in bounded memory', async (context) => {
  const content = Buffer.alloc(100_000_000);
  const { cwd, write } = place(context);
  write('ar.zip', buildZip([memberOf('large', content, { store: true })]).bytes);
  const start = () =>
    spawn(process.execPath, [BIN, 'archive', 'cat', 'ar.zip', 'large'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const gone = start();
  gone.stdout.once('data', () => gone.stdout.destroy());
  assert.deepEqual(await once(gone, 'exit'), [0, null]);

  const slow = start();
  let bytes = 0;
  let peakKb = 0;
  for await (const piece of slow.stdout) {
    peakKb = Math.max(peakKb, residentKb(slow.pid));
    bytes += (piece as Buffer).length;
  }
  assert.equal(bytes, content.length);
  assert.ok(peakKb > 0 && peakKb < 140_000, `${peakKb} KiB`);
});

const residentKb = (pid: number | undefined): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended.
    return 0;
  }
};
