import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { tryLock } from '../../../shared/linux/flock.ts';
import { CopyPlace } from '../../support/copies.ts';

test('what no copy owns goes, at every depth, with directories below the bucket that are empty', async (t) => {
  const place = new CopyPlace(t);
  place.write('server/incoming_tmp/lab/buck/a', 'a');
  place.write('server/incoming_tmp/lab/buck/x/y/.hidden', 'b');
  place.write('server/incoming_tmp/stray', 'c');
  place.write('server/incoming_tmp/.wharfinger-123.probe', '');
  mkdirSync(join(place.directory, 'incoming_tmp/lab/buck/.empty/er'), { recursive: true });
  symlinkSync('nowhere', join(place.directory, 'incoming_tmp/lab/link'));
  const { removed, left } = await place.clean();
  assert.deepEqual(removed, ['lab/buck/a', 'lab/buck/x/y/.hidden', 'lab/link', 'stray']);
  assert.deepEqual(left, []);
  assert.deepEqual(place.files('incoming_tmp'), ['.wharfinger-123.probe']);
  assert.equal(existsSync(join(place.directory, 'incoming_tmp/lab/buck')), true);
  assert.equal(existsSync(join(place.directory, 'incoming_tmp/lab/buck/x')), false);
  assert.equal(existsSync(join(place.directory, 'incoming_tmp/lab/buck/.empty')), false);
});

test('a file that somebody has open for writing stays, though nobody has locked it', async (t) => {
  const place = new CopyPlace(t);
  const writer = openSync(place.write('server/incoming_tmp/lab/buck/upload', 'half'), 'a');
  assert.deepEqual(await place.clean(), {
    removed: [],
    left: ['lab/buck/upload: a program has it open for writing'],
  });
  closeSync(writer);
  assert.deepEqual((await place.clean()).removed, ['lab/buck/upload']);
});

test('a copy whose file was locked by who cleans up, before it could, begins anew under another name', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  let holder: number | undefined;
  const context = place.context((point) => {
    if (point !== 'copy-in.created' || holder !== undefined) return;
    holder = openSync(join(place.directory, 'incoming_tmp/lab/buck/a.csv'), 'r');
    assert.equal(tryLock(holder), true);
  });
  await place.copy(source, 'a.csv', context);
  assert.deepEqual(place.files('incoming'), ['lab/buck/a.csv']);
  // It is now the other one's to remove.
  assert.deepEqual(place.files('incoming_tmp'), ['lab/buck/a.csv']);
  closeSync(Number(holder));
});

test('a copy whose file was removed before it had the lock begins anew', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  const temporary = join(place.directory, 'incoming_tmp/lab/buck/a.csv');
  let removed = 0;
  const context = place.context((point) => {
    if (point !== 'copy-in.created' || !existsSync(temporary) || removed > 2) return;
    removed += 1;
    unlinkSync(temporary);
    // Another copy may have that name by now.
    if (removed === 2) writeFileSync(temporary, 'of another copy');
  });
  await place.copy(source, 'a.csv', context);
  assert.ok(removed > 0);
  assert.equal(place.read('a.csv'), 'content');
});

test('a file that its copy has renamed before it could be locked is not removed, nor what has its name now', async (t) => {
  const place = new CopyPlace(t);
  const temporary = place.write('server/incoming_tmp/lab/buck/a.csv', 'content');
  const incoming = join(place.directory, 'incoming/lab/buck/a.csv');
  mkdirSync(dirname(incoming));
  const { removed } = await place.clean((point) => {
    if (point !== 'copy-in.clean-opened' || existsSync(incoming)) return;
    renameSync(temporary, incoming);
    writeFileSync(temporary, 'of another copy');
  });
  assert.deepEqual(removed, []);
  assert.equal(readFileSync(incoming, 'utf8'), 'content');
  assert.equal(readFileSync(temporary, 'utf8'), 'of another copy');
});

test('two that clean up at once remove a file once', async (t) => {
  const place = new CopyPlace(t);
  const temporary = place.write('server/incoming_tmp/lab/buck/a.csv', 'content');
  const { removed, left } = await place.clean((point) => {
    if (point === 'copy-in.clean-opened') unlinkSync(temporary);
  });
  assert.deepEqual({ removed, left }, { removed: [], left: [] });
});

test('a file that refuses is left, and said', async (t) => {
  const place = new CopyPlace(t);
  place.write('server/incoming_tmp/lab/buck/a.csv', 'content');
  const found = await place.clean((point) => {
    if (point === 'copy-in.clean-locked') throw Object.assign(new Error('no'), { code: 'EIO' });
  });
  assert.deepEqual(found.removed, []);
  assert.deepEqual(found.left, ['lab/buck/a.csv: it cannot be opened, locked or removed (EIO)']);
});

test('the record of a copy that died says so; of one that was renamed that it arrived; of one that lives nothing', async (t) => {
  const place = new CopyPlace(t);
  const target = (key: string) => ({ profile: 'lab', bucket: 'buck', key });
  const begin = (key: string, place_: 'incoming_tmp' | 'incoming') => {
    const path = place.write(`server/${place_}/lab/buck/${key}`, 'content');
    const at = (name: string) => fromText(join(place.directory, name, 'lab/buck', key));
    const stats = lstatSync(path, { bigint: true });
    const file = { path: at('incoming_tmp'), nextPath: at('incoming'), stats };
    place.records.begin([{ target: target(key), file }]);
    return path;
  };
  begin('died', 'incoming_tmp');
  begin('arrived', 'incoming');
  const living = openSync(begin('lives', 'incoming_tmp'), 'r');
  assert.equal(tryLock(living), true);
  await place.clean();
  closeSync(living);
  assert.deepEqual(
    place.rows().map(({ filepath, current_state }) => [filepath, current_state]),
    [
      ['died', 'gone'],
      ['arrived', 'incoming'],
      ['lives', 'incoming_tmp'],
    ],
  );
});
