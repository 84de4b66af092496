import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { volumeComment } from '../../../../shared/archives/volumes/volume-comment.ts';
import { buildZip, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { runBin } from '../run-bin.ts';
import { place } from './archives.ts';

const BIN = fileURLToPath(new URL('../../../../bin/wharfinger.js', import.meta.url));

test('extract to where no directory can be made ends, with exit code 5', (context) => {
  const { cwd } = place(context);
  // In a process of its own, which can be ended where it does not end by itself.
  const args = [BIN, 'archive', 'extract', 'ar.zip', '--into', '/proc/out/in'];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.equal(status, 5);
  assert.match(stderr, /^wharfinger: nothing can be extracted to \/proc\/out\/in \(ENOENT\); /);
});

test('an output that is full is said of the output, and nothing is said to go on', (context) => {
  const { cwd } = place(context);
  for (const args of [
    ['list', 'ar.zip'],
    ['cat', 'ar.zip', 'a.txt'],
  ]) {
    const fd = openSync('/dev/full', 'w');
    const { exitCode, stderr } = runBin(['archive', ...args], { cwd, stdout: fd });
    closeSync(fd);
    assert.equal(exitCode, 5);
    const said =
      'wharfinger: standard output cannot be written to (ENOSPC); free space where it goes, then run this again\n';
    assert.equal(stderr, said);
  }
});

test('cat finds a member of an archive whose first name is that of a volume of another one', (context) => {
  const made = place(context);
  const volume = (name: string, number: number, of: string): Buffer =>
    buildZip([memberOf(name, name)], volumeComment(number, of)).bytes;
  made.write('ar-2.zip', volume('of ar', 2, 'ar.zip'));
  made.write('ar-2-2.zip', volume('mine', 2, 'ar-2.zip'));
  assert.equal(runBin(['archive', 'cat', 'ar-2.zip', 'mine'], made).stdout, 'mine');
  assert.equal(runBin(['archive', 'cat', 'ar-2.zip', 'of ar'], made).stdout, 'of ar');
});
