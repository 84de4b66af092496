import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { auditFile } from '../../../../shared/tables/csv/audit-file.ts';
import { HeldDescriptors } from '../../../../shared/tables/csv/held-descriptors.ts';
import { openCsv } from '../../../../shared/tables/csv/open-csv.ts';
import { openRegular } from '../../../../shared/tables/csv/open-regular.ts';
import { readSource } from '../../../../shared/tables/csv/source.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { asNobody, needsRoot } from '../../../support/as-nobody.ts';
import { DIALECT, opening } from './opening.ts';

const FAULTS: readonly (readonly [what: string, content: string | Buffer, code: string, reason: RegExp])[] = [
  ['an empty file', '', 'load.empty', /^it is empty$/],
  ['a byte order mark alone', '\ufeff', 'load.empty', /^it is empty$/],
  ['blank lines alone', '\n\r\n\n', 'load.empty', /^it has only blank lines$/],
  ['a NUL byte', 'a,b\n1,2\n3,\0\n', 'load.nul', /^line 3 has a NUL byte/],
  [
    'latin-1',
    Buffer.from('a,b\n"x\ny",2\n3,caf\xe9 x\n', 'latin1'),
    'load.encoding',
    /^line 4 is not UTF-8$/,
  ],
  [
    'a character that is cut at the end',
    Buffer.from('a,b\n1,\xe2\x82', 'latin1'),
    'load.encoding',
    /^line 2 is not UTF-8$/,
  ],
  ['UTF-16, little end first', Buffer.from('\ufeffa,b\n', 'utf16le'), 'load.encoding', /^it is UTF-16/],
  ['UTF-16, big end first', Buffer.from('\ufeffa,b\n', 'utf16le').swap16(), 'load.encoding', /^it is UTF-16/],
  [
    'an unclosed quote',
    'a,b\n1,2\n3,"x\n5,6\n',
    'load.quote',
    /^a quote in the record that begins in line 3 is not closed$/,
  ],
  ['an unclosed quote in the header', '\n"a,b\n1,2\n', 'load.quote', /begins in line 2 is not closed$/],
  [
    'an unclosed quote long before the end',
    `a,b\n1,2\n3,"x\n${'5,6\n'.repeat(2_000_000)}`,
    'load.quote',
    /begins in line 3 is not closed$/,
  ],
  ['a cell with two quoted parts', 'a,b\n"1" "2",3\n', 'load.quote', /^line 2 has quotes where none may be$/],
  [
    'two cells with something behind their quotes',
    'a,b\n1,2\n"1"x,"2"y\n',
    'load.quote',
    /^line 3 has quotes/,
  ],
  [
    'a header with something behind a quote',
    'a,"b"x\n1,2\n',
    'load.quote',
    /^the header, in line 1, has something behind/,
  ],
  [
    'a record of more than 4 MiB',
    `a,b\n1,2\n3,${'x'.repeat(5 * 1024 * 1024)}\n`,
    'load.record',
    /begins in line 3 has more than 4 MiB$/,
  ],
  ['zstd', Buffer.from('28b52ffd00010203', 'hex'), 'load.packed', /^it is no text, but zstd$/],
  ['xz', Buffer.from('fd377a585a000000', 'hex'), 'load.packed', /but xz$/],
  ['bzip2', Buffer.from('BZh91AY&SYxxxxxx', 'latin1'), 'load.packed', /but bzip2$/],
  ['zip', Buffer.from('504b03041400', 'hex'), 'load.packed', /but zip/],
  ['Parquet', 'PAR1 and something PAR1', 'load.packed', /but Parquet$/],
  ['gzip in gzip', gzipSync(gzipSync('a,b\n1,2\n')), 'load.packed', /but gzip in gzip$/],
  ['gzip that is cut', gzipSync('a,b\n1,2\n'.repeat(99)).subarray(0, -12), 'load.gzip', /ends too early$/],
  ['gzip that is broken', broken(gzipSync('a,b\n1,2\n'.repeat(99))), 'load.gzip', /is broken$/],
  [
    'gzip with text behind it',
    Buffer.concat([gzipSync('a,b\n1,2\n'), Buffer.from('\0\0x')]),
    'load.gzip',
    /something else follows/,
  ],
  ['gzip of nothing', gzipSync(''), 'load.empty', /^it is empty$/],
  [
    'gzip with an unclosed quote',
    gzipSync('a,b\n1,2\n3,"x\n'),
    'load.quote',
    /begins in line 3 is not closed$/,
  ],
];

for (const [what, content, code, reason] of FAULTS) {
  test(`${what}: ${code}`, async (t) => {
    const { fault, directory } = opening(t);
    const found = await fault(content);
    assert.equal(found.code, code);
    assert.match(found.reason, reason);
    assert.deepEqual(readdirSync(directory), ['file.csv']);
  });
}

test('hints say what encoding to declare', async (t) => {
  const { fault } = opening(t);
  assert.match((await fault(Buffer.from('a\n\xe9\n', 'latin1'))).hint ?? '', /encoding: latin-1/);
  assert.match((await fault(Buffer.from('\ufeffa\n', 'utf16le'))).hint ?? '', /encoding: utf-16/);
  assert.match((await fault(Buffer.from('a,b\n', 'utf16le'))).hint ?? '', /encoding: utf-16/);
});

test('what is declared as another encoding than it has is a fault', async (t) => {
  const { fault } = opening(t);
  const utf16 = { encoding: 'utf-16' } as const;
  assert.equal((await fault('a,b\n1,2\n', utf16)).reason, 'it does not begin as UTF-16 does');
  assert.equal((await fault('\ufeffa,b\n1,2\n', utf16)).code, 'load.encoding');
  assert.equal(
    (await fault(Buffer.from('a,b\n1,2\n', 'utf16le').subarray(0, -1), utf16)).code,
    'load.encoding',
  );
  assert.equal((await fault(Buffer.from('a,b\n\ud800,2\n', 'utf16le'), utf16)).code, 'load.encoding');
  assert.equal(
    (await fault('\ufeffa,b\n', { encoding: 'latin-1' })).reason,
    'it is Unicode, by its byte order mark',
  );
});

test('gzip that becomes more than is allowed is stopped', async (t) => {
  const { fault } = opening(t);
  const packed = gzipSync(`a,b\n${'1,2\n'.repeat(1024 * 1024)}`);
  const byRatio = await fault(packed, { limits: { maxOutputBytes: 2 ** 40, maxRatio: 100 } });
  assert.equal(byRatio.code, 'load.bomb');
  assert.match(byRatio.reason, /more than 100 times/);
  assert.match(
    (await fault(packed, { limits: { maxOutputBytes: 100_000, maxRatio: 1e9 } })).reason,
    /more than the 100000 bytes/,
  );
});

test('what is no regular file, or not there, is a fault', async (t) => {
  const { directory, path, fault } = opening(t);
  assert.equal((await fault(undefined)).code, 'load.missing');
  assert.equal((await fault(undefined, { path: fromText(`${path}/below`) })).code, 'load.missing');
  symlinkSync('/etc/passwd', path);
  assert.equal((await fault(undefined)).code, 'load.not_regular');
  unlinkSync(path);
  mkdirSync(path);
  assert.equal((await fault(undefined)).code, 'load.not_regular');
  execFileSync('mkfifo', [`${directory}/fifo`]);
  assert.equal((await fault(undefined, { path: fromText(`${directory}/fifo`) })).code, 'load.not_regular');
});

test('what may not be read is a fault', needsRoot, async (t) => {
  const { directory, path, fault } = opening(t);
  writeFileSync(path, 'a,b\n1,2\n');
  chmodSync(directory, 0o755);
  chmodSync(path, 0o600);
  assert.equal((await asNobody(() => fault(undefined))).code, 'load.unreadable');
});

test('other bytes than those that were committed are a fault', async (t) => {
  const { fault, open } = opening(t);
  const content = 'a,b\n1,2\n';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const expected = { sha256, sizeBytes: content.length };
  assert.equal((await open(content, { expected })).audit.sha256, sha256);
  for (const other of ['a,b\n1,3\n', 'a,b\n1,22\n']) {
    const { code, reason } = await fault(other, { expected });
    assert.equal(code, 'load.changed');
    assert.equal(reason, 'the file in the warehouse is not what was committed');
  }
});

test('a file that is written to while it is read is a fault, however broken it looks', async (t) => {
  const { path, directory } = opening(t);
  const signal = new AbortController().signal;
  for (const half of ['a,b\n1,2\n', 'a,b\n1,"2']) {
    writeFileSync(path, half.repeat(5));
    const file = openRegular(7, fromText(path));
    const held = new HeldDescriptors();
    held.add(file.fd);
    t.after(() => held.closeAllBut(undefined));
    const parts = {
      fileId: 7,
      dialect: DIALECT,
      encoding: 'utf-8',
      scratch: directory,
      nulls: [],
      limits: undefined,
      chunkBytes: 16,
      file,
      held,
      signal,
    } as const;
    const source = readSource(7, file, signal, 16);
    appendFileSync(path, 'more');
    await assert.rejects(
      auditFile(parts, source),
      (error) => error instanceof FileFaultError && error.code === 'load.changed',
    );
  }
});

test('a directory for copies that is not there is the trouble of the machine', async (t) => {
  const { open, directory } = opening(t);
  await assert.rejects(
    open(gzipSync('a\n1\n'), { scratch: `${directory}/none` }),
    (error) => error instanceof EnvironmentError && error.code === 'load.scratch' && error.retryable,
  );
});

test('the signal ends the reading', async (t) => {
  const { path } = opening(t);
  writeFileSync(path, 'a,b\n'.repeat(100));
  const options = {
    fileId: 7,
    path: fromText(path),
    dialect: DIALECT,
    header: true,
    encoding: 'utf-8',
    scratch: '/',
    chunkBytes: 8,
  } as const;
  const stop = new AbortController();
  const opened = openCsv(options, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(opened, /enough/);
});

function broken(packed: Buffer): Buffer {
  const bytes = Buffer.from(packed);
  bytes.fill(0xff, 12, 20);
  return bytes;
}
