import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../shared/errors.ts';
import { checkBucketName, checkKey, checkMetadata } from '../../../shared/object-store/key.ts';

const isUsage = (code: string) => (error: unknown) =>
  error instanceof UsageError && error.code === code && error.hint !== undefined;

test('a key is 1 to 1,024 bytes of whole characters', () => {
  for (const key of [
    'a',
    'a/b',
    '.a/..b/...',
    'ü'.repeat(512),
    'k'.repeat(1024),
    ' ',
    'a//b/',
    '🚢',
    'a\tb\n',
  ])
    checkKey(key);
  for (const key of ['', 'k'.repeat(1025), 'ü'.repeat(513), '\ud800', 'a\u0000b', '\u001b', '\uffff'])
    assert.throws(() => checkKey(key), isUsage('store.key'), JSON.stringify(key));
});

test('a key has no part that somebody on the way resolves', () => {
  for (const key of ['.', '..', '../a', 'a/../b', 'a/.', './a'])
    assert.throws(() => checkKey(key), isUsage('store.key'), key);
});

test('a bucket has a name as S3 demands', () => {
  for (const name of ['abc', 'a-b', 'a.b', '0ab', 'b'.repeat(63), '1.2.3', 'a--b']) checkBucketName(name);
  for (const name of [
    '',
    'ab',
    'b'.repeat(64),
    'Abc',
    'a_b',
    '-ab',
    'ab-',
    '.ab',
    'a..b',
    'a.-b',
    'a/b',
    '1.2.3.4',
    'büc',
  ])
    assert.throws(() => checkBucketName(name), isUsage('store.bucket'), name);
});

test('metadata passes through a header or is refused', () => {
  checkMetadata({ mtime: '1712345678.123456789', 'source-name': 'a b~' });
  for (const metadata of [
    { Upper: 'x' },
    { 'a b': 'x' },
    { a: 'ü' },
    { a: 'x\r\ny' },
    { a: '' },
    { a: ' x' },
  ])
    assert.throws(() => checkMetadata(metadata), isUsage('store.metadata'));
});
