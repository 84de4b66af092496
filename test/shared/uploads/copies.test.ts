import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromText, toText } from '../../../shared/fs/byte-path.ts';
import { beginCopy, copyIn, isWhole } from '../../../shared/uploads/copies.ts';
import { deliverCopies } from '../../../shared/uploads/copy-move.ts';
import { COPY_POINTS, type CopyPoint } from '../../../shared/uploads/copy-points.ts';
import { FileRecords } from '../../../shared/uploads/file-records.ts';
import { CopyPlace } from '../../support/copies.ts';

/** Does something once, when a point is passed. */
const at = (wanted: CopyPoint, work: () => void) => {
  let done = false;
  return (point: CopyPoint) => {
    if (point !== wanted || done) return;
    done = true;
    work();
  };
};

test('a copy is in incoming whole, with mode and time, and on record in both states', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  chmodSync(source, 0o640);
  utimesSync(source, 1_600_000_000, 1_600_000_000.125);
  const copied = await place.copy(source, 'deep/er/a.csv');
  assert.equal(copied.outcome, 'copied');
  assert.equal(toText(copied.path), join(place.directory, 'incoming/lab/buck/deep/er/a.csv'));
  assert.equal(place.read('deep/er/a.csv'), 'content');
  const stats = lstatSync(toText(copied.path));
  assert.equal(stats.mode & 0o7777, 0o640);
  assert.equal(stats.mtimeMs, 1_600_000_000_125);
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.deepEqual(place.rows(), [
    { id: copied.record, filepath: 'deep/er/a.csv', current_state: 'incoming', reason: null },
  ]);
  assert.deepEqual(place.states(Number(copied.record)), ['incoming_tmp', 'incoming']);
});

test('the points of a copy are passed in order, and until the rename nothing is in incoming', async (t) => {
  const place = new CopyPlace(t);
  const passed: string[] = [];
  const context = place.context((point) => {
    passed.push(point);
    const isThere = COPY_POINTS.indexOf(point) >= COPY_POINTS.indexOf('copy-in.renamed');
    assert.deepEqual(place.files('incoming'), isThere ? ['lab/buck/a.csv'] : [], point);
  });
  await place.copy(place.write('a.csv', 'content'), 'a.csv', context);
  assert.deepEqual(
    passed,
    COPY_POINTS.filter((point) => !point.includes('clean')),
  );
});

test('a name that is taken by the same content is nothing to do, and by other content a fault', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  await place.copy(source, 'a.csv');
  assert.equal((await place.copy(source, 'a.csv')).outcome, 'present');
  for (const content of ['CONTENT', 'longer content']) {
    await assert.rejects(place.copy(place.write('b.csv', content), 'a.csv'), {
      code: 'copy.taken',
      hint: '--force replaces it',
    });
  }
  assert.equal(place.read('a.csv'), 'content');
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.equal(place.rows().length, 1);
});

test('with force other content is replaced, and its stay is over', async (t) => {
  const place = new CopyPlace(t);
  await place.copy(place.write('a.csv', 'content'), 'a.csv');
  const context = place.context(undefined, { force: true });
  const copied = await place.copy(place.write('b.csv', 'another'), 'a.csv', context);
  assert.equal(copied.outcome, 'replaced');
  assert.equal(place.read('a.csv'), 'another');
  assert.deepEqual(
    place.rows().map(({ current_state }) => current_state),
    ['gone', 'incoming'],
  );
});

test('a file that takes the name while the copy is made is seen at the rename', async (t) => {
  const cases = [
    ['content', 'present'],
    ['another', 'copy.taken'],
  ] as const;
  for (const [content, expected] of cases) {
    const place = new CopyPlace(t);
    const source = place.write('a.csv', 'content');
    const other = place.write('other.csv', content);
    const next = join(place.directory, 'incoming/lab/buck/a.csv');
    const context = place.context(at('copy-in.recorded', () => renameSync(other, next)));
    const outcome = await place.copy(source, 'a.csv', context).then(
      (copied) => copied.outcome,
      (error) => error.code,
    );
    assert.equal(outcome, expected);
    assert.equal(place.read('a.csv'), content);
    assert.deepEqual(place.files('incoming_tmp'), []);
    assert.deepEqual(place.rows(), []);
  }
});

test('two copies of one name have a temporary file each, and the second to be moved is a fault', async (t) => {
  const place = new CopyPlace(t);
  const sources = [place.write('a.csv', 'first'), place.write('b.csv', 'second')] as const;
  const seen: string[][] = [];
  let second: Promise<unknown> = Promise.resolve();
  const inner = place.context(at('copy-in.locked', () => seen.push(place.files('incoming_tmp'))));
  const outer = place.context(
    at('copy-in.locked', () => {
      second = place.copy(sources[1], 'x.csv', inner).catch((error) => error.code);
    }),
  );
  const first = await place.copy(sources[0], 'x.csv', outer).catch((error) => error.code);
  // The one began while the other was under way, and either may be the first to be moved.
  assert.equal([first, await second].filter((end) => end === 'copy.taken').length, 1);
  assert.deepEqual(seen, [['lab/buck/x.csv', 'lab/buck/x.csv.00000001']]);
  assert.match(place.read('x.csv'), /^(first|second)$/);
  assert.deepEqual(place.files('incoming_tmp'), []);
});

test('a name in incoming_tmp that is a directory, or lies below a file there, is no obstacle', async (t) => {
  const place = new CopyPlace(t);
  mkdirSync(join(place.directory, 'incoming_tmp/lab/buck/a/b'), { recursive: true });
  place.write('server/incoming_tmp/lab/buck/c', 'of a copy that died');
  const source = place.write('a.csv', 'content');
  await place.copy(source, 'a');
  await place.copy(source, 'c/d');
  assert.deepEqual(place.files('incoming'), ['lab/buck/a', 'lab/buck/c/d']);
});

test('a temporary name fits into the longest that a file system takes', async (t) => {
  const place = new CopyPlace(t);
  const name = 'n'.repeat(255);
  place.write(`server/incoming_tmp/lab/buck/${name}`, 'of a copy that died');
  await place.copy(place.write('a.csv', 'content'), name);
  assert.deepEqual(place.files('incoming'), [`lab/buck/${name}`]);
  await assert.rejects(place.copy(join(place.root, 'a.csv'), `${name}n`), { code: 'copy.file' });
});

test('a directory or a file in the way in incoming is a fault of this file', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  await place.copy(source, 'dir/a');
  await assert.rejects(place.copy(source, 'dir'), { code: 'copy.file' });
  await assert.rejects(place.copy(source, 'dir/a/b'), { code: 'copy.file' });
  const forced = place.context(undefined, { force: true });
  await assert.rejects(place.copy(source, 'dir', forced), { code: 'copy.file' });
  assert.deepEqual(place.files('incoming'), ['lab/buck/dir/a']);
  assert.deepEqual(place.files('incoming_tmp'), []);
});

test('a source that changes while it is copied is copied again; one that always does, fails', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'first line\n');
  const once = at('copy-in.created', () => undefined);
  let left = 1;
  const touch = () => {
    left -= 1;
    if (left >= 0) appendFileSync(source, 'more\n');
  };
  await place.copy(source, 'once', place.context(once, { onProgress: touch }));
  assert.equal(place.read('once'), 'first line\nmore\n');
  left = 100;
  await assert.rejects(place.copy(source, 'always', place.context(once, { onProgress: touch })), {
    code: 'copy.changing',
  });
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.deepEqual(place.files('incoming'), ['lab/buck/once']);
});

test('a source that is a link is followed only where it was named', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  const link = join(place.root, 'link');
  symlinkSync(source, link);
  await place.copy(link, 'a.csv');
  assert.equal(lstatSync(join(place.directory, 'incoming/lab/buck/a.csv')).isFile(), true);
  const target = { profile: 'lab', bucket: 'buck', key: 'b.csv' };
  await assert.rejects(copyIn({ path: fromText(link), followLink: false }, target, place.context()), {
    code: 'copy.unreadable',
  });
});

test('a copy that is stopped leaves nothing, and says with what it was stopped', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  const stop = new AbortController();
  const context = place.context(
    at('copy-in.locked', () => stop.abort()),
    { signal: stop.signal },
  );
  await assert.rejects(place.copy(source, 'a.csv', context), (error) => error === stop.signal.reason);
  assert.deepEqual([...place.files('incoming'), ...place.files('incoming_tmp')], []);
});

test('a file system without locks is refused, and nothing is left there', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  const lock = () => {
    throw Object.assign(new Error('no locks'), { code: 'EOPNOTSUPP' });
  };
  await assert.rejects(place.copy(source, 'a.csv', place.context(undefined, { lock })), {
    name: 'EnvironmentError',
    code: 'copy.no-locks',
  });
  assert.deepEqual([...place.files('incoming'), ...place.files('incoming_tmp')], []);
});

test('a directory that is taken away before the copy is created, or moved, is made again', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  const context = place.context((point) => {
    if (point === 'copy-in.recorded')
      rmSync(join(place.directory, 'incoming/lab/buck/x'), { recursive: true });
  });
  await place.copy(source, 'x/a', place.context());
  rmSync(join(place.directory, 'incoming/lab/buck/x/a'));
  // Both are known to be there from the first copy on.
  await place.copy(source, 'x/b', context);
  rmSync(join(place.directory, 'incoming_tmp/lab/buck/x'), { recursive: true });
  await place.copy(source, 'x/c', { ...context, points: { reach: () => undefined } });
  assert.deepEqual(place.files('incoming'), ['lab/buck/x/b', 'lab/buck/x/c']);
});

test('a stay that a server has taken up in the meantime is not set back', async (t) => {
  const place = new CopyPlace(t);
  const context = place.context(
    at('copy-in.directories-durable', () => {
      const records = new FileRecords(place.state);
      const [stay] = records.ofCopies();
      if (stay === undefined) throw new Error('the copy is on record');
      records.begin(stay, { ...stay, path: stay.nextPath ?? stay.path }, 0);
    }),
  );
  const { record } = await place.copy(place.write('a', 'content'), 'a', context);
  assert.deepEqual(place.states(Number(record)), ['incoming_tmp', 'processing']);
  assert.equal(place.rows()[0]?.current_state, 'processing');
});

test('of copies that are moved together, one whose name was taken fails alone', async (t) => {
  const place = new CopyPlace(t);
  const next = join(place.directory, 'incoming/lab/buck');
  const context = place.context(
    at('copy-in.recorded', () => {
      writeFileSync(join(next, 'b'), 'of somebody else');
      writeFileSync(join(next, 'c'), 'content');
    }),
  );
  const begun = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    const source = { path: fromText(place.write(`source/${key}`, 'content')), followLink: true };
    begun.push(await beginCopy(source, { profile: 'lab', bucket: 'buck', key }, context));
  }
  const ends: string[] = [];
  await deliverCopies(begun.filter(isWhole), context, (_, end) => {
    ends.push(end instanceof Error ? end.code : end.outcome);
  });
  assert.deepEqual(ends, ['copied', 'copy.taken', 'present', 'copied', 'copied']);
  assert.equal(place.read('b'), 'of somebody else');
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.deepEqual(
    place.rows().map(({ filepath, current_state }) => [filepath, current_state]),
    [
      ['a', 'incoming'],
      ['d', 'incoming'],
      ['e', 'incoming'],
    ],
  );
});

test('where the others would fare no better, what was moved is told first, and nothing of the rest is left', async (t) => {
  const place = new CopyPlace(t);
  const stop = new AbortController();
  const context = place.context(
    at('copy-in.recorded', () => {
      writeFileSync(join(place.directory, 'incoming/lab/buck/b'), 'CONTENT');
      stop.abort();
    }),
    { signal: stop.signal },
  );
  const begun = [];
  for (const key of ['a', 'b', 'c']) {
    const source = { path: fromText(place.write(`source/${key}`, 'content')), followLink: true };
    begun.push(await beginCopy(source, { profile: 'lab', bucket: 'buck', key }, context));
  }
  const ends: unknown[] = [];
  await assert.rejects(
    deliverCopies(begun.filter(isWhole), context, (whole, end) => {
      ends.push([whole.places.target.key, end instanceof Error ? end.code : end.outcome]);
    }),
    (error) => error === stop.signal.reason,
  );
  assert.deepEqual(ends, [['a', 'copied']]);
  assert.deepEqual(place.files('incoming'), ['lab/buck/a', 'lab/buck/b']);
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.deepEqual(
    place.rows().map(({ filepath }) => filepath),
    ['a'],
  );
});

test('no descriptor is left open, however a copy ends', async (t) => {
  const place = new CopyPlace(t);
  const source = place.write('a.csv', 'content');
  void place.state;
  // What is loaded, or opened, once.
  await place.copy(source, 'warm');
  await place.copy(source, 'warm');
  const openNow = () => readdirSync('/proc/self/fd').length;
  const before = openNow();
  const probe = openSync(source, 'r');
  assert.equal(openNow(), before + 1, 'descriptors are counted');
  await place.copy(source, 'a');
  await place.copy(source, 'a');
  await assert.rejects(place.copy(place.write('b.csv', 'other'), 'a'));
  for (const point of ['copy-in.created', 'copy-in.locked', 'copy-in.written', 'copy-in.recorded'] as const) {
    const context = place.context(
      at(point, () => {
        throw new Error('stop here');
      }),
    );
    await assert.rejects(place.copy(source, `at-${point}`, context), /stop here/);
  }
  closeSync(probe);
  assert.equal(openNow(), before);
  assert.deepEqual(place.files('incoming_tmp'), []);
});
