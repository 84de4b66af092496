import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeDirectoryEnd, encodeDirectoryEntry } from '../../../../shared/archives/zip/directory.ts';
import { encodeLocalHeader } from '../../../../shared/archives/zip/local-header.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, type Member, memberOf, RANDOM } from './build-zip.ts';
import { missing, run } from './tools.ts';

const MTIME_MS = Date.UTC(2023, 4, 6, 7, 8, 10);

const ODD = [
  memberOf('plain.txt', 'hello, hello, hello'),
  memberOf('stored', 'stored', { store: true, mtimeMs: MTIME_MS }),
  memberOf('empty', '', { store: true }),
  memberOf('dir/sub dir/ünïcödé-日本-🙂.txt', 'u', { mode: 0o100755 }),
  memberOf('q\'uo"te*?[x]$(y)\\z', 'q', { mode: 0o100400 }),
  memberOf('before 1970', 'x', { mtimeMs: -1_000_000_000 }),
  memberOf('after 2038', 'x', { mtimeMs: Date.UTC(2050, 0, 1) }),
  memberOf('large', Buffer.alloc(3_000_000, 'abcdefg')),
];

const MANY: Member[] = Array.from({ length: 70_000 }, (_, index) => {
  const { facts, ...rest } = memberOf('', 'x', { store: true });
  return { facts: { ...facts, name: `d${index % 7}/${index}` }, ...rest };
});

/** A member of a few bytes behind a hole, and its directory behind 4 GiB. */
function writeFar(path: string): void {
  const { facts, packed } = memberOf('behind 4 GiB', 'far away');
  const first = memberOf('first', 'first');
  const headerOffset = 2 ** 32 + 12_345;
  const head = Buffer.concat([encodeLocalHeader(first.facts), first.packed]);
  const far = Buffer.concat([encodeLocalHeader(facts), packed]);
  const directoryOffset = headerOffset + far.length;
  const entries = Buffer.concat([
    encodeDirectoryEntry(first.facts, 0),
    encodeDirectoryEntry(facts, headerOffset),
  ]);
  const directory = { entries: 2, directoryBytes: entries.length, directoryOffset, comment: '' };
  const fd = openSync(path, 'w');
  writeSync(fd, head, 0, head.length, 0);
  writeSync(fd, Buffer.concat([far, entries, encodeDirectoryEnd(directory)]), 0, null, headerOffset);
  closeSync(fd);
}

const ARCHIVES: Readonly<Record<string, (path: string) => void>> = {
  'with odd names and times': (path) =>
    writeFileSync(path, buildZip(ODD, 'Wharfinger: volume 1 of ä.zip').bytes),
  'that is a staging archive': (path) => writeFileSync(path, buildZip(ODD, '', RANDOM).bytes),
  'of nothing': (path) => writeFileSync(path, buildZip([]).bytes),
  'of 70,000 members': (path) => writeFileSync(path, buildZip(MANY).bytes),
  'with a member behind 4 GiB': writeFar,
};

const READERS = {
  unzip: { look: ['-v'], args: ['-tqq'] },
  '7z': { look: ['i'], args: ['t', '-bd'] },
  bsdtar: { look: ['--version'], args: ['-tf'] },
  python3: { look: ['--version'], args: ['-m', 'zipfile', '-t'] },
};

for (const [reader, { look, args }] of Object.entries(READERS)) {
  for (const [name, write] of Object.entries(ARCHIVES)) {
    test(`${reader} reads an archive ${name}`, { skip: missing(reader, ...look) }, (context: TestContext) => {
      const path = join(tempDir(context), 'a.zip');
      write(path);
      const { status, text } = run(reader, [...args, path]);
      // It has nothing to test, and says so.
      if (reader === 'unzip' && name === 'of nothing') return assert.match(text, /zipfile is empty/);
      assert.equal(status, 0, text.slice(-2000));
      assert.doesNotMatch(text, /warning|error:|corrupt|Bad CRC/i);
    });
  }
}

const PYTHON = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    print(json.dumps([[i.filename, i.file_size, list(i.date_time), i.external_attr >> 16, i.flag_bits] for i in z.infolist()]))
`;

test("Python's zipfile sees names, sizes, times and modes", {
  skip: missing('python3', '--version'),
}, (context) => {
  const path = join(tempDir(context), 'a.zip');
  writeFileSync(path, buildZip(ODD).bytes);
  const { stdout, text, status } = run('python3', ['-c', PYTHON, path]);
  assert.equal(status, 0, text);
  const seen: unknown = JSON.parse(stdout);
  assert.deepEqual(
    seen,
    ODD.map(({ facts: { name, sizeBytes, mtimeMs, mode } }) => {
      const at = new Date(Math.max(mtimeMs, Date.UTC(1980, 0, 1)));
      const date = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
      const time = [at.getUTCHours(), at.getUTCMinutes(), Math.floor(at.getUTCSeconds() / 2) * 2];
      return [name, sizeBytes, [...date, ...time], mode, 0x800];
    }),
  );
});

/** The commands that extract an archive; what each of them changes in names. */
const EXTRACTORS = {
  unzip: { look: ['-v'], args: ['-qq'] },
  bsdtar: { look: ['--version'], args: ['-xf'] },
  '7z': { look: ['i'], args: ['x', '-bd', '-y'] },
};

for (const [reader, { look, args }] of Object.entries(EXTRACTORS)) {
  test(`${reader} extracts names, contents, modes and times`, {
    skip: missing(reader, ...look),
  }, (context) => {
    const directory = tempDir(context);
    const path = join(directory, 'a.zip');
    // To most of them a backslash is a separator.
    const members = ODD.filter(({ facts }) => !facts.name.includes('\\'));
    writeFileSync(path, buildZip(members).bytes);
    const { status, text } = run(reader, [...args, path], directory);
    assert.equal(status, 0, text);
    for (const { facts, content } of members) {
      const file = join(directory, facts.name);
      assert.ok(readFileSync(file).equals(content), facts.name);
      assert.equal(statSync(file).mode, facts.mode, facts.name);
    }
    assert.equal(statSync(join(directory, 'stored')).mtimeMs, MTIME_MS);
  });
}
