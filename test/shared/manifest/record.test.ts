import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BytePath, fromBytes, fromText } from '../../../shared/fs/byte-path.ts';
import {
  manifestLine,
  manifestPathOf,
  type Recorded,
  wholeSeconds,
} from '../../../shared/manifest/record.ts';

const row = (fields: Partial<Recorded> = {}): Recorded => ({
  id: 7,
  sha256: Buffer.alloc(32, 0xab),
  device: 2049n,
  inode: 1_234_567n,
  sizeBytes: 987_654,
  mtimeNs: 1_730_546_400_999_999_999n,
  source: '/staging/a.csv' as BytePath,
  destination: '/warehouse/ingest_date=2024-11-02/a.csv' as BytePath,
  decidedMs: Date.UTC(2024, 10, 2, 11, 20, 0, 5),
  ...fields,
});

test('a record holds what the contract says, in its order, on one line', () => {
  assert.equal(
    manifestLine(row(), 'orders'),
    '{"path":"/warehouse/ingest_date=2024-11-02/a.csv",' +
      `"sha256":"${'ab'.repeat(32)}","device":2049,"inode":1234567,"size":987654,"mtime":1730546400,` +
      '"source":"/staging/a.csv","ingested_at":"2024-11-02T11:20:00.005Z","id":7,"route":"orders"}\n',
  );
});

test('numbers larger than those of JavaScript are written with all their digits', () => {
  const line = manifestLine(row({ inode: 2n ** 64n - 1n, device: 2n ** 53n + 1n }), 'orders');
  assert.ok(line.includes('"device":9007199254740993,"inode":18446744073709551615,'), line);
});

test('a time before 1970 is rounded down, as every stat does', () => {
  assert.equal(wholeSeconds(-1n), -1n);
  assert.equal(wholeSeconds(-1_000_000_000n), -1n);
  assert.equal(wholeSeconds(-1_000_000_001n), -2n);
  assert.equal(wholeSeconds(999_999_999n), 0n);
  assert.ok(manifestLine(row({ mtimeNs: -1_500_000_000n }), 'orders').includes('"mtime":-2,'));
});

test('whatever a name holds, the record is one line, and gives the name back', () => {
  const source = fromText('/staging/a\nb"c\\d\u2028é🚢\u0000.csv'.replace('\u0000', '\u0001'));
  const line = manifestLine(row({ source }), 'a "route"\n');
  assert.equal(line.indexOf('\n'), line.length - 1);
  const record = JSON.parse(line);
  assert.equal(fromText(record.source), source);
  assert.equal(record.route, 'a "route"\n');
});

test('the bytes of a name stand beside it where it is not UTF-8, and only there', () => {
  const bytes = Buffer.from([0x2f, 0x73, 0x2f, 0xc3, 0x28, 0xff]);
  const record = JSON.parse(manifestLine(row({ source: fromBytes(bytes) }), 'orders'));
  assert.equal(record.source, '/s/\ufffd(\ufffd');
  assert.deepEqual(Buffer.from(record.source_base64, 'base64'), bytes);
  assert.ok(!('path_base64' in record));
});

test('a name that holds U+FFFD itself is UTF-8', () => {
  const record = JSON.parse(manifestLine(row({ source: fromText('/s/\ufffd') }), 'orders'));
  assert.ok(!('source_base64' in record));
});

test('the manifest of an instant lies in its hour of UTC', () => {
  const path = manifestPathOf('/manifests' as BytePath, Date.UTC(2024, 0, 2, 3, 59, 59, 999));
  assert.equal(path, '/manifests/2024/01/02/03/manifest.jsonl');
});
