import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../shared/fs/byte-path.ts';
import { tempDir } from '../support/temp.ts';
import { Account, sha256Of } from './account.ts';
import { type Reckoning, reckon } from './reckoning.ts';

/** An account, and what is there, made by hand. */
class Ending {
  readonly account = new Account();
  readonly #root: string;
  readonly #lines: string[] = [];

  constructor(t: TestContext) {
    this.#root = tempDir(t);
    for (const name of ['in', 'warehouse/_duplicates', 'manifests'])
      mkdirSync(join(this.#root, name), { recursive: true });
  }

  put(content: string): void {
    this.account.offer(Buffer.from(content), fromText(`/in/${content}`)).arrived(true);
  }

  file(path: string, content: string): void {
    writeFileSync(join(this.#root, path), content);
  }

  line(path: string, content: string): void {
    const record = { path: join(this.#root, path), sha256: sha256Of(Buffer.from(content)) };
    this.#lines.push(`${JSON.stringify(record)}\n`);
  }

  commit(content: string): void {
    this.file(`warehouse/${content}`, content);
    this.line(`warehouse/${content}`, content);
  }

  reckon(): Reckoning {
    this.file('manifests/manifest.jsonl', this.#lines.join(''));
    const at = (name: string): string => join(this.#root, name);
    return reckon(this.account, {
      inputPaths: [fromText(at('in'))],
      warehouses: [at('warehouse')],
      manifests: at('manifests'),
    });
  }
}

const counts = ({ lost, doubled, torn, littered }: Reckoning): number[] =>
  [lost, doubled, torn, littered].map(({ length }) => length);

test('what is committed once, with its duplicates set aside, is neither lost nor doubled', (t) => {
  const ending = new Ending(t);
  for (const content of ['a', 'b', 'b']) ending.put(content);
  ending.commit('a');
  ending.commit('b');
  ending.file('warehouse/_duplicates/b', 'b');
  const reckoning = ending.reckon();
  assert.deepEqual(counts(reckoning), [0, 0, 0, 0]);
  assert.deepEqual([reckoning.committed, reckoning.setAside], [2, 1]);
});

test('content that nobody committed is lost, also where its line stands in the manifest', (t) => {
  const ending = new Ending(t);
  for (const content of ['a', 'b']) ending.put(content);
  ending.line('warehouse/b', 'b');
  assert.equal(ending.reckon().lost.length, 2);
});

test('a duplicate that is nowhere is lost', (t) => {
  const ending = new Ending(t);
  for (const content of ['a', 'a']) ending.put(content);
  ending.commit('a');
  assert.deepEqual(counts(ending.reckon()), [1, 0, 0, 0]);
});

test('content with two lines, or with more files than were put, is doubled', (t) => {
  const ending = new Ending(t);
  for (const content of ['a', 'b', 'b']) ending.put(content);
  ending.commit('a');
  ending.file('in/a', 'a');
  ending.commit('b');
  ending.file('warehouse/other', 'b');
  ending.line('warehouse/other', 'b');
  assert.deepEqual(counts(ending.reckon()), [0, 2, 0, 0]);
});

test('content that nobody put, and a line that is not true, are torn', (t) => {
  const ending = new Ending(t);
  ending.put('whole');
  ending.commit('whole');
  ending.commit('who');
  ending.file('warehouse/whole', 'changed');
  assert.equal(ending.reckon().torn.length, 2);
});

test('without power, what was not fsynced may be missing, and is not lost', (t) => {
  const ending = new Ending(t);
  ending.account.offer(Buffer.from('a'), fromText('/in/a')).arrived(false);
  ending.put('b');
  ending.account.powerWasCut();
  ending.commit('b');
  assert.deepEqual(counts(ending.reckon()), [0, 0, 0, 0]);
});

test('temporary files of ours that stay are told', (t) => {
  const ending = new Ending(t);
  ending.file('in/.wharfinger-7.src', 'a');
  ending.file('warehouse/.wharfinger', 'the mark');
  assert.deepEqual(counts(ending.reckon()), [0, 0, 0, 1]);
});
