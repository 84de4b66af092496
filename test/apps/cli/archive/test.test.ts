import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeDirectoryEnd, encodeDirectoryEntry } from '../../../../shared/archives/zip/directory.ts';
import { encodeLocalHeader } from '../../../../shared/archives/zip/local-header.ts';
import { buildZip, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { MEMBERS, OFFSETS, place, spoiled, writeVolumes } from './archives.ts';

const run = (cwd: string, ...args: string[]) => cli(['archive', 'test', ...args], { cwd });

test('test exits 0 where all is right, in all volumes, and says what it read', async (context) => {
  const made = place(context);
  writeVolumes(made);
  const { stdout, stderr, exitCode } = await run(made.cwd, 'ar.zip', 'ar-2.zip');
  assert.deepEqual([stdout, stderr, exitCode], ['no faults: read 6 members, 600 KB\n', '', 0]);
});

test('test exits 4 with a line for each fault', async (context) => {
  const made = place(context);
  made.write('ar.zip', spoiled((OFFSETS[0] ?? 0) + 46, (OFFSETS[2] ?? 0) + 30));
  made.write('bad.zip', Buffer.from('x'));
  const { stdout, exitCode } = await run(made.cwd, 'ar.zip', 'bad.zip');
  assert.equal(exitCode, 4);
  const lines = stdout.split('\n');
  assert.match(lines[0] ?? '', /^ar\.zip: a\.txt: /);
  assert.equal(lines[1], 'ar.zip: dir/ü\\n: has another name in its local header than in the directory');
  assert.match(lines[2] ?? '', /^bad\.zip: has no directory/);
  assert.equal(lines[3], '3 faults: read 1 member, 600 KB');
});

test('test --json has the documented keys, and the summary last', async (context) => {
  const made = place(context);
  made.write('ar.zip', spoiled((OFFSETS[2] ?? 0) + 30));
  const [fault, summary] = jsonLines((await run(made.cwd, '--json', 'ar.zip')).stdout);
  assert.deepEqual(fault, {
    archive: 'ar.zip',
    member: 'dir/ü\n',
    detail: 'has another name in its local header than in the directory',
  });
  assert.deepEqual(summary, {
    summary: true,
    archives: 1,
    members: 2,
    bytes: 600_019,
    faults: 1,
    untested: 0,
  });
});

test('test finds content that has the CRC and not the SHA-256 that the archive says', async (context) => {
  const { facts, packed, content } = memberOf('a', 'hello');
  const { cwd } = place(context, [{ facts: { ...facts, sha256: Buffer.alloc(32) }, packed, content }]);
  const { stdout, exitCode } = await run(cwd, 'ar.zip');
  assert.equal(exitCode, 4);
  assert.match(stdout, /^ar\.zip: a: has another SHA-256 than the archive says\n/);
});

test('test finds members that share bytes, in whatever order they stand', async (context) => {
  const [first] = MEMBERS;
  assert.ok(first !== undefined);
  // The header of the inner one stands in the data of the outer.
  const inner = memberOf('inner', 'inner', { store: true });
  const innerBytes = Buffer.concat([encodeLocalHeader(inner.facts), inner.packed]);
  const outer = memberOf('outer', innerBytes, { store: true });
  const outerHeader = encodeLocalHeader(outer.facts);
  const file = Buffer.concat([outerHeader, outer.packed]);
  const entries = [
    encodeDirectoryEntry(inner.facts, outerHeader.length),
    encodeDirectoryEntry(outer.facts, 0),
  ];
  for (const ordered of [entries, entries.toReversed()]) {
    const directory = Buffer.concat(ordered);
    const end = { entries: 2, directoryBytes: directory.length, directoryOffset: file.length, comment: '' };
    const made = place(context);
    made.write('ar.zip', Buffer.concat([file, directory, encodeDirectoryEnd(end)]));
    const { stdout, exitCode } = await run(made.cwd, 'ar.zip');
    assert.equal(exitCode, 4);
    assert.equal(
      stdout,
      'ar.zip: inner: shares bytes of the file with another member\n1 fault: read 2 members, 78 B\n'.replace(
        '78 B',
        stdout.match(/\d+ B/)?.[0] ?? '',
      ),
    );
  }
});

test('members in another order than their entries are no fault', async (context) => {
  const { bytes, offsets, directoryOffset } = buildZip(MEMBERS);
  const entries = MEMBERS.map(({ facts }, index) =>
    encodeDirectoryEntry(facts, offsets[index] ?? 0),
  ).toReversed();
  const directory = Buffer.concat(entries);
  const end = { entries: 3, directoryBytes: directory.length, directoryOffset, comment: '' };
  const made = place(context);
  made.write(
    'ar.zip',
    Buffer.concat([bytes.subarray(0, directoryOffset), directory, encodeDirectoryEnd(end)]),
  );
  assert.equal((await run(made.cwd, 'ar.zip')).exitCode, 0);
});

test('an archive that is not there is wrong usage', async (context) => {
  const { cwd } = place(context);
  assert.equal((await run(cwd, 'nix.zip')).exitCode, 2);
});

test('archives that are not there keep no other from being tested, and the highest exit code counts', async (context) => {
  const made = place(context);
  made.write('bad.zip', Buffer.from('x'));
  const missing = await run(made.cwd, 'nix.zip', 'ar.zip', 'nada.zip');
  assert.equal(missing.exitCode, 2);
  assert.equal(missing.stdout, 'no faults: read 3 members, 600 KB; 2 archives not tested\n');
  assert.match(
    missing.stderr,
    /^wharfinger: nix\.zip is not there.*\nwharfinger: nada\.zip is not there.*\n$/,
  );
  const damaged = await run(made.cwd, '--json', 'nix.zip', 'bad.zip', 'ar.zip');
  assert.equal(damaged.exitCode, 4);
  const summary = jsonLines(damaged.stdout).at(-1);
  assert.deepEqual([summary?.archives, summary?.members, summary?.faults], [2, 3, 1]);
});

test('a volume that is named beside its set is read once', async (context) => {
  const made = place(context);
  writeVolumes(made);
  for (const paths of [
    ['ar-3.zip', 'ar.zip', 'ar-10.zip'],
    ['ar.zip', './ar.zip'],
  ])
    assert.equal((await run(made.cwd, ...paths)).stdout, 'no faults: read 5 members, 600 KB\n');
});
