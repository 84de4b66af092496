import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

/** A key of exactly so many bytes, in directories as Linux takes them. */
function longKey(bytes: number): string {
  const directory = 'd'.repeat(199);
  const rest = bytes - 5 * 200;
  return [...Array<string>(5).fill(directory), 'k'.repeat(rest)].join('/');
}

test('names of all kinds are keys as they are', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  const names = [
    ...[
      ' a name  with blanks ',
      'tab\there',
      'new\nline',
      'quote\'s "and" `more`',
      'semi;colon',
      'back\\slash',
    ],
    ...[
      'plus+plus',
      'a+b c',
      '%41',
      '100%',
      '%2F',
      '%',
      'a&b=c?d#e',
      '<x>',
      '*',
      '~',
      '-rf',
      '$HOME',
      '{path}',
    ],
    ...['.hidden', '..two', '...', '.dir/.file', 'a.tmp', 'b.part', 'c~', 'd.ok', 'deep/er/and/deeper'],
    ...['caf\u00e9', 'cafe\u0301', '日本語', '🚢', '\ufeffbom', '\u00a0'],
    longKey(1024),
    `${longKey(1020)}${'é'.repeat(2)}`,
  ];
  for (const name of names) pier.drop(name, `content of ${name}`);
  const run = await pier.once();
  assert.equal(run.code, 0, run.stderr);
  assert.equal(pier.put.size, names.length);
  await pier.assertAllUploadedOnce();
});

test(
  'a name that cannot be a key fails its file with a clear reason, and the file stays',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    const reasons: Record<string, RegExp> = {
      [longKey(1025)]: /it has 1025 bytes, 1024 is the limit; rename the file/,
      'control\u0001': /it has a control character that no listing can name; rename the file/,
      'unsayable\ufffe': /it has a control character that no listing can name/,
    };
    for (const name of Object.keys(reasons)) pier.drop(name, 'x');
    pier.put.clear();
    pier.drop('good', 'good');
    const latin = Buffer.concat([
      Buffer.from(`${dirname(pier.at('incoming', 'good'))}/`),
      Buffer.from('caf\u00e9', 'latin1'),
    ]);
    writeFileSync(latin, 'latin');
    const bad = pier.at('incoming', 'a.txt', 'No_Bucket');
    mkdirSync(dirname(bad), { recursive: true });
    writeFileSync(bad, 'x');
    writeFileSync(join(pier.directory, 'incoming', 'lab', 'no-bucket.txt'), 'x');
    writeFileSync(join(pier.directory, 'incoming', 'no-profile.txt'), 'x');
    mkdirSync(join(pier.directory, 'incoming', 'nobody', 'bucket'), { recursive: true });
    writeFileSync(join(pier.directory, 'incoming', 'nobody', 'bucket', 'a.txt'), 'x');

    const run = await pier.once();
    assert.equal(run.code, 3, run.stderr);
    const failed = pier.jobs();
    const reasonOf = (end: string) => failed.find(({ key }) => key.endsWith(end))?.reason ?? '';
    for (const [name, reason] of Object.entries(reasons)) assert.match(reasonOf(`/${name}`), reason);
    assert.match(
      reasonOf('/No_Bucket/a.txt'),
      /"No_Bucket" cannot be the name of a bucket: it has other characters/,
    );
    assert.match(reasonOf('/no-bucket.txt'), /it lies outside of any bucket: a file goes to incoming/);
    assert.match(reasonOf('/no-profile.txt'), /it lies outside of any profile: a file goes to incoming/);
    assert.match(reasonOf('/nobody/bucket/a.txt'), /nobody/);
    const notUtf8 = failed.filter(({ reason }) => reason?.startsWith('its name is not UTF-8'));
    assert.equal(notUtf8.length, 1);
    assert.equal(failed.length, Object.keys(reasons).length + 5);
    assert.ok(failed.every(({ state }) => state === 'failed'));

    const incoming = join(pier.directory, 'incoming');
    const left = readdirSync(incoming, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.equal(left.length, failed.length, 'all of them stay');
    assert.deepEqual(pier.files('completed'), ['good']);

    renameSync(latin, pier.at('incoming', 'renamed'));
    assert.equal((await pier.once()).code, 3);
    assert.deepEqual(pier.files('completed'), ['good', 'renamed']);
    assert.equal(pier.jobs().length, failed.length - 1, 'what was renamed is forgotten under its old name');
  },
);
