import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnvironmentError } from '../../../shared/errors.ts';
import { openState, type State } from '../../../shared/state/open.ts';
import { readUntouched } from '../../../shared/state/read-untouched.ts';
import { tempDir } from '../../support/temp.ts';

const countOf = async (state: State) =>
  state.prepare<[], number>('SELECT count(*) FROM manifests').pluck().get();
const addRow = (state: State, path: number) => state.exec(`INSERT INTO manifests VALUES (x'0${path}', 1, 1)`);

const factsOf = (path: string) => {
  const { ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return { ino, mtimeNs, ctimeNs, content: readFileSync(path).toString('base64') };
};

test('where there is no state file an empty one is read, and none is made', async (t) => {
  const directory = tempDir(t);
  assert.equal(await readUntouched(join(directory, 'state.db'), countOf), 0);
  assert.deepEqual(readdirSync(directory), []);
});

test('a state file that nobody has open is read, and is the same afterwards, as is its directory', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'state.db');
  const state = openState(path);
  addRow(state, 1);
  state.close();
  const before = factsOf(path);
  assert.equal(await readUntouched(path, countOf), 1);
  assert.deepEqual(readdirSync(directory), ['state.db']);
  assert.deepEqual(factsOf(path), before);
});

test('beside a program that writes, what is committed is read, and the program goes on', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'state.db');
  const state = openState(path);
  addRow(state, 1);
  const counted = await readUntouched(path, async (reader) => {
    addRow(state, 2);
    return await countOf(reader);
  });
  assert.equal(counted, 2);
  addRow(state, 3);
  assert.equal(await countOf(state), 3);
  state.close();
  assert.deepEqual(readdirSync(directory), ['state.db']);
});

test('a program that starts while it is read keeps its log', async (t) => {
  const path = join(tempDir(t), 'state.db');
  openState(path).close();
  let started: State | undefined;
  await readUntouched(path, async () => {
    started = openState(path);
    addRow(started, 1);
  });
  assert.ok(started);
  addRow(started, 2);
  started.close();
  assert.equal(await readUntouched(path, countOf), 2);
});

test('a failure of the reader is told, and nothing is left then either', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'state.db');
  openState(path).close();
  await assert.rejects(
    readUntouched(path, async () => {
      throw new Error('as it should');
    }),
    /as it should/,
  );
  assert.deepEqual(readdirSync(directory), ['state.db']);
});

test('a file that is none of ours is refused and stays as it was', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'state.db');
  writeFileSync(path, 'a letter to a friend, longer than a header');
  const before = factsOf(path);
  await assert.rejects(
    readUntouched(path, countOf),
    (error) => error instanceof EnvironmentError && error.code === 'state.foreign',
  );
  assert.deepEqual(readdirSync(directory), ['state.db']);
  assert.deepEqual(factsOf(path), before);
});
