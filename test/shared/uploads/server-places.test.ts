import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { pathInPlace, readServerPath } from '../../../shared/uploads/server-places.ts';

const SERVER = fromText('/srv/flood');
const read = (path: string) => readServerPath(SERVER, fromText(path));

test('a path in a server directory says place, profile, bucket and key, and the other way round', () => {
  const path = fromText('/srv/flood/incoming/lab/archive/2024/a b.csv');
  const found = readServerPath(SERVER, path);
  assert.deepEqual(found, { place: 'incoming', profile: 'lab', bucket: 'archive', key: '2024/a b.csv' });
  assert.ok(found !== undefined && 'key' in found);
  assert.equal(pathInPlace(SERVER, 'incoming', found), path);
  assert.equal(pathInPlace(SERVER, 'failed', found), '/srv/flood/failed/lab/archive/2024/a b.csv');
});

test('a file above its bucket says what it lacks', () => {
  assert.deepEqual(read('/srv/flood/incoming/a.csv'), { lacks: 'profile' });
  assert.deepEqual(read('/srv/flood/incoming/lab/a.csv'), { lacks: 'bucket' });
});

test('what is in no place of the server directory is none of its files', () => {
  for (const path of ['/srv/flood/other/lab/b/a', '/srv/floods/incoming/lab/b/a', '/srv/flood'])
    assert.equal(read(path), undefined);
});
