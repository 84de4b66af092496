import assert from 'node:assert/strict';
import { test } from 'node:test';
import { volumeComment } from '../../../../shared/archives/volumes/volume-comment.ts';
import { buildZip, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { place, spoiled, writeVolumes } from './archives.ts';

test('list shows mode, size, time and name of each member, on one line whatever is in the name', async (context) => {
  const { cwd } = place(context);
  const { stdout, stderr, exitCode } = await cli(['archive', 'list', 'ar.zip'], { cwd });
  assert.deepEqual([stderr, exitCode], ['', 0]);
  assert.equal(
    stdout,
    `\
-rw-r-----           19  2024-11-02 10:00:01  a.txt
-rwsr-xr-x       600000  2024-11-02 10:00:01  dir/b.bin
-rw-r--r--            0  2024-11-02 10:00:01  dir/ü\\n
3 members, 600 KB (packed ${stdout.match(/packed (.*)\)/)?.[1]})
`,
  );
});

test('list --json has the documented keys, and the summary last', async (context) => {
  const { cwd } = place(context, [memberOf('a', 'hello', { store: true })]);
  const [member, summary] = jsonLines((await cli(['archive', 'list', '--json', 'ar.zip'], { cwd })).stdout);
  assert.deepEqual(member, {
    name: 'a',
    size: 5,
    packed: 5,
    method: 'stored',
    crc32: '3610a686',
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    mode: '100644',
    mtime: '2024-11-02T10:00:01.234Z',
    encrypted: false,
    volume: 'ar.zip',
  });
  assert.deepEqual(summary, { summary: true, members: 1, size: 5, packed: 5, volumes: 1 });
});

test('list of the first volume shows the whole set in its order, and of a further one that alone', async (context) => {
  const made = place(context);
  writeVolumes(made);
  const namesOf = async (path: string) =>
    jsonLines((await cli(['archive', 'list', '--json', path], made)).stdout).map(
      ({ name, volumes }) => name ?? volumes,
    );
  assert.deepEqual(await namesOf('./ar.zip'), ['a.txt', 'dir/b.bin', 'dir/ü\n', 'in 3', 'in 10', 3]);
  assert.deepEqual(await namesOf('ar-3.zip'), ['in 3', 1]);
});

test('an archive whose first name is that of a volume of another one is found behind it', async (context) => {
  const made = place(context);
  const volume = (name: string, number: number, of: string) =>
    buildZip([memberOf(name, name)], volumeComment(number, of)).bytes;
  made.write('ar-2.zip', volume('of ar', 2, 'ar.zip'));
  made.write('ar-2-2.zip', volume('mine', 2, 'ar-2.zip'));
  const listed = jsonLines((await cli(['archive', 'list', '--json', 'ar-2.zip'], made)).stdout);
  assert.deepEqual(
    listed.map(({ name, volumes }) => name ?? volumes),
    ['of ar', 'mine', 2],
  );
});

test('list goes on behind a volume that is no zip, and exits 4', async (context) => {
  const made = place(context);
  writeVolumes(made);
  made.write('ar-5.zip', Buffer.from('no zip'));
  const { stdout, stderr, exitCode } = await cli(['archive', 'list', 'ar.zip'], made);
  assert.equal(exitCode, 4);
  assert.match(stderr, /^ar-5\.zip: has no directory at its end.*\n$/);
  assert.match(stdout, /in 10\n5 members, .* in 3 volumes\n$/);
});

test('list shows what stands before the place where a directory breaks off', async (context) => {
  const made = place(context);
  const bytes = spoiled();
  const second = bytes.lastIndexOf(Buffer.from('dir/b.bin'));
  made.write('ar.zip', spoiled(second - 46));
  const { stdout, stderr, exitCode } = await cli(['archive', 'list', 'ar.zip'], made);
  assert.equal(exitCode, 4);
  assert.match(stdout, /a\.txt\n1 member, /);
  assert.match(stderr, /^ar\.zip: has no entry at/);
});

test('an archive that is not there, or is none, is said', async (context) => {
  const { cwd } = place(context);
  for (const path of ['nix.zip', 'ar.zip/x.zip', '.']) {
    const { stderr, exitCode } = await cli(['archive', 'list', path], { cwd });
    assert.equal(exitCode, 2);
    assert.match(stderr, /is not there|is no file/);
  }
});

test('a time that is no date is shown as none', async (context) => {
  const { cwd } = place(context, [memberOf('a', 'x', { mtimeMs: 2 ** 60 })]);
  assert.match((await cli(['archive', 'list', 'ar.zip'], { cwd })).stdout, /^-rw-r--r-- +1 {2}\? +a\n/);
  const [member] = jsonLines((await cli(['archive', 'list', '--json', 'ar.zip'], { cwd })).stdout);
  assert.equal(member?.mtime, null);
});
