import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basename, fromBytes, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { Custody, type Name } from '../../../../support/custody.ts';

const NAMES: Record<string, Name> = {
  'a newline': 'two\nlines.csv',
  quotes: `"quoted" 'twice' \\ back.csv`,
  'characters of several bytes': 'größe-数据-🚢.csv',
  'a control character': 'bell\u0007.csv',
  'the line separator of JavaScript': 'a\u2028b.csv',
  'blanks at both ends': ' padded ',
  '255 bytes': `${'x'.repeat(251)}.csv`,
};

for (const [what, name] of Object.entries(NAMES)) {
  test(`a name with ${what} arrives unchanged, and its line is one line of JSON`, async (t) => {
    const custody = new Custody(t);
    const path = custody.offer(name, `named with ${what}`);
    await custody.hand.run();
    const [row] = custody.records.ledger();
    assert.equal(row === undefined ? undefined : basename(row.destination), basename(path));
    await custody.assertSound([`named with ${what}`]);
    const [line] = custody.lines();
    assert.equal(line?.path_base64, undefined);
    assert.deepEqual(Buffer.from(line?.source ?? ''), toBytes(path));
  });
}

test('a name that is not UTF-8 is recorded as text with U+FFFD and as its bytes', async (t) => {
  const custody = new Custody(t);
  const bytes = Buffer.from([0x66, 0xff, 0x2e, 0x63]);
  const path = custody.offer(bytes, 'raw');
  await custody.hand.run();
  const [line] = custody.lines();
  const [row] = custody.records.ledger();
  assert.ok(line !== undefined && row !== undefined);
  assert.ok(line.path.endsWith('/f\ufffd.c'), line.path);
  assert.ok(line.source.endsWith('/f\ufffd.c'), line.source);
  assert.equal(fromBytes(Buffer.from(line.path_base64 ?? '', 'base64')), row.destination);
  assert.equal(fromBytes(Buffer.from(line.source_base64 ?? '', 'base64')), path);
  assert.deepEqual(await custody.findings(), []);
});
