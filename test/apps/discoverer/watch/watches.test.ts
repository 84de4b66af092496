import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { linux } from '../../../../apps/discoverer/kernel.ts';
import { Watches } from '../../../../apps/discoverer/watch/watches.ts';
import { type BytePath, fromText, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { IN } from '../../../../shared/linux/inotify.ts';
import { tempDir } from '../../../support/temp.ts';

const OWNER = 'orders';

function setUp(t: TestContext) {
  const root = fromText(tempDir(t));
  const watches = new Watches<string>(linux, () => undefined);
  t.after(() => watches.close());
  const at = (name: string) => join(root, name);
  const make = (...names: string[]) => {
    for (const name of names) mkdirSync(toBytes(at(name)));
  };
  const add = (directory: BytePath, round = 1) =>
    watches.add({ owner: OWNER, directory }, { isRoot: directory === root, round });
  /** Where the kernel says that files were closed, by our names. */
  const closedIn = (...names: string[]) => {
    watches.read();
    for (const name of names) closeSync(openSync(toBytes(at(`${name}/file`)), 'w'));
    return watches
      .read()
      .filter(({ mask }) => mask & IN.CLOSE_WRITE)
      .map(({ wd }) => watches.placeOf(wd)?.directory);
  };
  return { root, watches, at, make, add, closedIn };
}

test('events are told by the names that directories were watched under', (t) => {
  const { root, at, make, add, closedIn } = setUp(t);
  make('a', 'b');
  for (const directory of [root, at('a'), at('b')]) add(directory);
  assert.deepEqual(closedIn('b', 'a', '.'), [at('b'), at('a'), root]);
});

test('a directory that was moved is known by the name that it is entered under', (t) => {
  const { watches, at, make, add, closedIn } = setUp(t);
  make('old');
  add(at('old'), 1);
  renameSync(toBytes(at('old')), toBytes(at('new')));
  add(at('new'), 2);
  assert.deepEqual(closedIn('new'), [at('new')]);
  watches.endBefore(OWNER, 2);
  assert.deepEqual(closedIn('new'), [at('new')], 'its old name does not end it');
});

test('a directory that takes the name of another is told from it', (t) => {
  const { at, make, add, closedIn } = setUp(t);
  make('a', 'b');
  add(at('a'));
  renameSync(toBytes(at('a')), toBytes(at('c')));
  renameSync(toBytes(at('b')), toBytes(at('a')));
  add(at('a'));
  assert.deepEqual(closedIn('a', 'c'), [at('a')]);
});

test('a directory that is not at its name any more is watched no longer, nor is anything below it', (t) => {
  const { watches, at, make, add, closedIn } = setUp(t);
  make('a', 'a/b', 'ab');
  for (const name of ['a', 'a/b', 'ab']) add(at(name));
  renameSync(toBytes(at('a')), toBytes(at('c')));
  const moved = watches.read().find(({ mask }) => mask & IN.MOVE_SELF);
  assert.ok(moved);
  assert.ok(!watches.verify(moved.wd));
  assert.deepEqual(closedIn('c', 'c/b', 'ab'), [at('ab')]);
  assert.ok(!watches.verify(moved.wd));
});

test('one that was moved away and back is watched as before', (t) => {
  const { watches, at, make, add, closedIn } = setUp(t);
  make('a');
  add(at('a'));
  renameSync(toBytes(at('a')), toBytes(at('b')));
  renameSync(toBytes(at('b')), toBytes(at('a')));
  for (const { wd } of watches.read()) assert.ok(watches.verify(wd));
  assert.deepEqual(closedIn('a'), [at('a')]);
});

test('only those of an owner that a later round did not meet are ended', (t) => {
  const { watches, at, make, add, closedIn } = setUp(t);
  make('met', 'gone', 'theirs');
  for (const name of ['met', 'gone']) add(at(name), 1);
  watches.add({ owner: 'invoices', directory: at('theirs') }, { isRoot: false, round: 1 });
  add(at('met'), 2);
  watches.endBefore(OWNER, 2);
  assert.deepEqual(closedIn('met', 'gone', 'theirs'), [at('met'), at('theirs')]);
});

test('without a directory the error says so, and closed it gives nothing', (t) => {
  const { watches, at, add } = setUp(t);
  assert.throws(() => add(at('missing')), { code: 'ENOENT' });
  watches.close();
  watches.close();
  assert.deepEqual(watches.read(), []);
});
