import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Checksum, parseChecksum } from '../../../../../apps/worker/handlers/ingest/sidecar.ts';
import { fromText } from '../../../../../shared/fs/byte-path.ts';

const SHA = `${'a'.repeat(63)}1`;
const MD5 = `${'b'.repeat(31)}2`;
const OTHER = 'c'.repeat(64);
const sha256: Checksum = { algorithm: 'sha256', hex: SHA };
const md5: Checksum = { algorithm: 'md5', hex: MD5 };

type Case = { text: string; name?: string; expected: Checksum | 'other file' | undefined };

const CASES: Record<string, Case> = {
  'a line of sha256sum is a SHA-256': { text: `${SHA}  a.csv\n`, expected: sha256 },
  'a line of md5sum is an MD5': { text: `${MD5}  a.csv\n`, expected: md5 },
  'a star before the name is not part of it': { text: `${SHA} *a.csv\n`, expected: sha256 },
  'bare digits need no name': { text: `${SHA}\n`, expected: sha256 },
  'bare digits need no newline': { text: MD5, expected: md5 },
  'capital digits are the same digits': { text: SHA.toUpperCase(), expected: sha256 },
  'a path before the name is not compared': { text: `${SHA}  ./out/a.csv`, expected: sha256 },
  'lines that end as in Windows are lines': { text: `${SHA}  a.csv\r\n`, expected: sha256 },
  'a byte order mark is no digit': { text: `\ufeff${SHA}  a.csv\r\n`, expected: sha256 },
  'blanks after bare digits are nothing': { text: `${SHA}  \n`, expected: sha256 },
  'tabs and more blanks separate as well': { text: `${SHA}\t  a.csv  \n`, expected: sha256 },
  'of several lines the one for this name counts': {
    text: `${OTHER}  b.csv\n${SHA}  a.csv\n${OTHER}  c.csv\n`,
    expected: sha256,
  },
  'a longer name that ends the same is another': { text: `${OTHER}  aa.csv\n`, expected: 'other file' },
  'checksums of other files alone are none for this': { text: `${OTHER}  b.csv\n`, expected: 'other file' },
  'free text is no checksum': { text: 'transfer complete, 3 files\n', expected: undefined },
  'nothing is no checksum': { text: '', expected: undefined },
  'a number of digits that no hash has is free text': { text: 'abc123\n', expected: undefined },
  'a name may end with a byte that looks like a blank': {
    text: `${SHA}  voilà\n`,
    name: 'voilà',
    expected: sha256,
  },
  'a name may begin and end with a blank': { text: `${SHA}   a \n`, name: ' a ', expected: sha256 },
  'a name may begin with a star': { text: `${SHA}  *a\n`, name: '*a', expected: sha256 },
  'an escaped newline is one of the name': { text: `\\${SHA}  a\\nb\n`, name: 'a\nb', expected: sha256 },
  'an escaped backslash is one of the name': { text: `\\${SHA}  a\\\\nb\n`, name: 'a\\nb', expected: sha256 },
  'a backslash that is not escaped is itself': { text: `${SHA}  a\\nb\n`, name: 'a\\nb', expected: sha256 },
};

for (const [title, { text, name = 'a.csv', expected }] of Object.entries(CASES)) {
  test(`in a sidecar ${title}`, () => {
    assert.deepEqual(parseChecksum(fromText(text), fromText(name)), expected);
  });
}
