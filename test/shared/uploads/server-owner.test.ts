import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EnvironmentError } from '../../../shared/errors.ts';
import { openState } from '../../../shared/state/open.ts';
import { ServerOwner } from '../../../shared/uploads/server-owner.ts';
import { tempDir } from '../../support/temp.ts';

function makePlaces(t: TestContext) {
  const root = tempDir(t);
  const directory = join(root, 'sérver');
  mkdirSync(directory);
  const ownerOf = (name: string): ServerOwner => {
    const state = openState(join(root, name));
    t.after(() => state.close());
    return new ServerOwner(state);
  };
  return { root, directory, ownerOf, mark: join(directory, '.wharfinger') };
}

const isForeign = (error: unknown): error is EnvironmentError =>
  error instanceof EnvironmentError && error.code === 'server.foreign';

test('a server directory belongs to the state file that comes first, and again to it later', (t) => {
  const { directory, ownerOf } = makePlaces(t);
  for (const owner of [ownerOf('a.db'), ownerOf('a.db')]) {
    owner.refuseForeign(directory);
    owner.ensure(directory);
    owner.refuseForeign(directory);
  }
  assert.deepEqual(readdirSync(directory), ['.wharfinger']);
});

test('of two that come at once one has it, and the other is refused and told where the first one is', (t) => {
  const { root, directory, ownerOf, mark } = makePlaces(t);
  const [first, second] = [ownerOf('a "b".db'), ownerOf('b.db')];
  // Both have looked, and have seen no mark.
  for (const owner of [first, second]) owner.refuseForeign(directory);
  first.ensure(directory);
  const text = readFileSync(mark, 'utf8');
  for (const meet of [() => second.ensure(directory), () => second.refuseForeign(directory)])
    assert.throws(meet, (error) => {
      assert.ok(isForeign(error));
      assert.ok(
        error.message.endsWith(`, which was ${JSON.stringify(join(root, 'a "b".db'))}`),
        error.message,
      );
      assert.ok(error.hint?.endsWith(`run: rm '${mark}'`));
      return true;
    });
  assert.equal(readFileSync(mark, 'utf8'), text);
  assert.deepEqual(readdirSync(directory), ['.wharfinger'], 'nothing is left of the second');
});

test('once a person has removed the mark another state file may go on', (t) => {
  const { directory, ownerOf, mark } = makePlaces(t);
  ownerOf('a.db').ensure(directory);
  rmSync(mark);
  ownerOf('b.db').ensure(directory);
  assert.throws(() => ownerOf('a.db').refuseForeign(directory), isForeign);
});

test('a mark that nobody can read anything in belongs to nobody, and is never replaced', (t) => {
  const { directory, ownerOf, mark } = makePlaces(t);
  writeFileSync(mark, '');
  assert.throws(() => ownerOf('a.db').ensure(directory), isForeign);
  assert.equal(readFileSync(mark, 'utf8'), '');
});

test('to ask needs no directory and makes none', (t) => {
  const { directory, ownerOf } = makePlaces(t);
  rmSync(directory, { recursive: true });
  ownerOf('a.db').refuseForeign(directory);
  assert.equal(existsSync(directory), false);
});
