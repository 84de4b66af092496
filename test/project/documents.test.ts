import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENTS = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/**/*.md', { cwd: ROOT })];

/** Paths in code spans that start with a folder of ours. */
const NAMED = /`((?:apps|shared|test|docs|bin|bench)\/[\w./-]*\w)`/g;
const LINKED = /\]\((?!https?:|#)([^)#]+)/g;

for (const document of DOCUMENTS) {
  test(`every file that ${document} names is there`, () => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const named = [...text.matchAll(NAMED)].map(([, path]) => join(ROOT, path ?? ''));
    const linked = [...text.matchAll(LINKED)].map(([, path]) => join(ROOT, dirname(document), path ?? ''));
    assert.deepEqual(
      [...named, ...linked].filter((path) => !existsSync(path)),
      [],
    );
  });
}

test('every npm script that README names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const text = DOCUMENTS.map((document) => readFileSync(join(ROOT, document), 'utf8')).join('\n');
  const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

test('the design page names every crash point scenario in its table', () => {
  const text = readFileSync(join(ROOT, 'docs/design.md'), 'utf8');
  for (const moment of [
    'before decide',
    'after decide, before place',
    'in a copy',
    'after stepping aside',
    'while the manifest is written',
  ]) {
    assert.ok(text.includes(moment), moment);
  }
});
