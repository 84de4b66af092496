import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Noted } from './journal.ts';
import { type FoundArchive, type FoundMember, type Reckoning, reckon } from './reckoning.ts';

const sha = (letter: string): string => letter.repeat(64);

const noted = (facts: Partial<Noted> = {}): Noted => ({
  id: 0,
  journal: 'w1.jsonl',
  archive: 'd/ar.zip',
  member: 'x/file.csv',
  sha256: sha('a'),
  sizeBytes: 3,
  mode: 0o644,
  mtimeMs: 7000,
  isAcknowledged: true,
  ...facts,
});

const member = (facts: Partial<FoundMember> = {}): FoundMember => ({
  name: 'x/file.csv',
  sha256: sha('a'),
  sizeBytes: 3,
  mode: 0o644,
  mtimeSeconds: 7,
  ...facts,
});

const volume = (members: FoundMember[], file = 'd/ar.zip', comment = ''): FoundArchive => ({
  file,
  comment,
  members,
});

const gone = (): boolean => false;

const counts = ({ lost, doubled, strange }: Reckoning): number[] =>
  [lost, doubled, strange].map(({ length }) => length);

test('acknowledged deposits that are there once, however often they were made, are well', () => {
  const reckoning = reckon([noted(), noted({ id: 1 })], [volume([member()])], gone);
  assert.deepEqual(counts(reckoning), [0, 0, 0]);
  assert.equal(reckoning.duplicates, 1);
});

test('an acknowledged deposit that is not there, or in another archive, or has another content, is lost', () => {
  assert.deepEqual(counts(reckon([noted()], [], gone)), [1, 0, 0]);
  assert.deepEqual(counts(reckon([noted()], [volume([member()], 'ar.zip')], gone)), [1, 0, 1]);
  assert.deepEqual(counts(reckon([noted()], [volume([member({ sha256: sha('b') })])], gone)), [1, 0, 1]);
});

test('one that was not acknowledged may be there once, or not at all', () => {
  const begun = noted({ isAcknowledged: false });
  assert.deepEqual(counts(reckon([begun], [], gone)), [0, 0, 0]);
  assert.deepEqual(counts(reckon([begun], [volume([member()])], gone)), [0, 0, 0]);
});

test('a picked up file that is gone must be there, whoever was told; one that was told of must be gone', () => {
  const begun = noted({ isAcknowledged: false, source: '/tmp/x' });
  assert.deepEqual(counts(reckon([begun], [], gone)), [1, 0, 0]);
  assert.deepEqual(counts(reckon([begun], [], () => true)), [0, 0, 0]);
  const told = noted({ source: '/tmp/x' });
  assert.deepEqual(counts(reckon([told], [volume([member()])], () => true)), [0, 0, 1]);
});

test('a content that is there under its name and as a version, or in two volumes, is doubled', () => {
  const version = member({ name: `x/file.${sha('a').slice(0, 8)}.csv` });
  assert.deepEqual(counts(reckon([noted()], [volume([member(), version])], gone)), [0, 1, 0]);
  const second = volume([member()], 'd/ar-2.zip', 'Wharfinger: volume 2 of ar.zip');
  assert.deepEqual(counts(reckon([noted()], [volume([member()]), second], gone)), [0, 1, 1]);
});

test('another content under the name of a version is that deposit', () => {
  const other = noted({ id: 1, sha256: sha('b') });
  const version = member({ name: 'x/file.bbbbbbbb.csv', sha256: sha('b') });
  const second = volume([version], 'd/ar-2.zip', 'Wharfinger: volume 2 of ar.zip');
  const reckoning = reckon([noted(), other], [volume([member()]), second], gone);
  assert.deepEqual(counts(reckoning), [0, 0, 0]);
  assert.equal(reckoning.versions, 1);
});

test('a version where no other content has the name is strange', () => {
  const version = member({ name: 'x/file.aaaaaaaa.csv' });
  assert.deepEqual(counts(reckon([noted()], [volume([version])], gone)), [0, 0, 1]);
});

test('what was never deposited, was thrown away, or has another mode or time, is strange', () => {
  assert.deepEqual(counts(reckon([], [volume([member()])], gone)), [0, 0, 1]);
  const discarded = noted({ isThrownAway: true, isAcknowledged: false });
  assert.deepEqual(counts(reckon([discarded], [volume([member()])], gone)), [0, 0, 1]);
  for (const other of [{ mode: 0o600 }, { mtimeSeconds: 8 }, { mtimeSeconds: null }])
    assert.deepEqual(counts(reckon([noted()], [volume([member(other)])], gone)), [0, 0, 1]);
});

test('a name that is twice in one archive is strange', () => {
  const reckoning = reckon([noted()], [volume([member(), member()])], gone);
  assert.deepEqual(counts(reckoning), [0, 1, 1]);
});
