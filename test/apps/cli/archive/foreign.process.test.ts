import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { missing, run } from '../../../shared/archives/zip/tools.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { tempDir } from '../../../support/temp.ts';

const CONTENTS: Readonly<Record<string, Buffer>> = {
  'd/text': Buffer.alloc(100_000, 'text '),
  'd/ünïcödé.txt': Buffer.from('u'),
  'd/empty': Buffer.alloc(0),
  'd/e/deep': Buffer.from('deep'),
};
const MTIME_S = Date.UTC(2023, 4, 6, 7, 8, 10) / 1000;

function files(context: TestContext): string {
  const cwd = tempDir(context);
  mkdirSync(join(cwd, 'd/e'), { recursive: true });
  for (const [name, content] of Object.entries(CONTENTS)) {
    writeFileSync(join(cwd, name), content);
    utimesSync(join(cwd, name), MTIME_S, MTIME_S);
    chmodSync(join(cwd, name), 0o640);
  }
  return cwd;
}

const PYTHON = `
import os, zipfile
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    for root, _, names in os.walk('d'):
        for name in names: z.write(os.path.join(root, name))
`;

/** Whoever writes without being able to seek puts sizes and CRC behind the data. */
const STREAMED = `
import sys, zipfile
with zipfile.ZipFile(sys.stdout.buffer, 'w') as z:
    with z.open('big', 'w', force_zip64=True) as f: f.write(b'streamed')
    z.writestr('small', b'streamed too')
`;

const WRITERS = {
  zip: { look: ['-v'], command: 'zip -qr a.zip d' },
  '7z': { look: ['i'], command: '7z a -bd a.zip d' },
  bsdtar: { look: ['--version'], command: 'bsdtar -cf a.zip --format zip d' },
  python3: { look: ['--version'], command: `python3 -c "${PYTHON.replaceAll('"', '\\"')}"` },
};

for (const [writer, { look, command }] of Object.entries(WRITERS)) {
  test(`an archive of ${writer} is listed, tested and extracted`, {
    skip: missing(writer, ...look),
  }, async (context) => {
    const cwd = files(context);
    const made = run('sh', ['-c', command], cwd);
    assert.equal(made.status, 0, made.text);
    const tested = await cli(['archive', 'test', 'a.zip'], { cwd });
    assert.deepEqual([tested.exitCode, tested.stderr], [0, ''], tested.stdout);
    const extracted = await cli(['archive', 'extract', 'a.zip', '--into', 'out'], { cwd });
    assert.deepEqual([extracted.exitCode, extracted.stderr], [0, '']);
    for (const [name, content] of Object.entries(CONTENTS)) {
      const path = join(cwd, 'out', name);
      assert.ok(readFileSync(path).equals(content), name);
      assert.equal(statSync(path).mode, 0o100640);
      // The times of the DOS are of no zone, which is UTC to us; all but Python write others as well.
      if (writer !== 'python3') assert.equal(statSync(path).mtimeMs, MTIME_S * 1000, name);
    }
  });
}

test('an archive that was written into a pipe is read', {
  skip: missing('python3', '--version'),
}, async (context) => {
  const cwd = tempDir(context);
  run('sh', ['-c', `python3 -c "${STREAMED}" > a.zip`], cwd);
  const tested = await cli(['archive', 'test', 'a.zip'], { cwd });
  assert.deepEqual([tested.exitCode, tested.stdout], [0, 'no faults: read 2 members, 20 B\n']);
});

test('an archive behind a program that unpacks it is read', {
  skip: missing('zip', '-v'),
}, async (context) => {
  const cwd = files(context);
  run(
    'sh',
    [
      '-c',
      'zip -qr b.zip d && (printf "#!/bin/sh\\n"; cat b.zip) > a.zip && cp a.zip c.zip && zip -qA c.zip',
    ],
    cwd,
  );
  for (const name of ['a.zip', 'c.zip'])
    assert.equal(
      (await cli(['archive', 'test', name], { cwd })).stdout,
      'no faults: read 6 members, 100 KB\n',
    );
});

test('what is encrypted or packed in an unknown way is said, and the rest is read', {
  skip: missing('7z', 'i'),
}, async (context) => {
  const cwd = files(context);
  for (const command of [
    '7z a -bd -mm=LZMA -mx=9 a.zip d/text',
    '7z a -bd -psecret a.zip d/e/deep',
    '7z a -bd a.zip d/empty',
  ])
    assert.equal(run('sh', ['-c', command], cwd).status, 0);
  const tested = await cli(['archive', 'test', 'a.zip'], { cwd });
  assert.equal(tested.exitCode, 3);
  assert.match(
    tested.stdout,
    /^a\.zip: d\/text: not tested: is packed by method 14, which is not supported$/m,
  );
  assert.match(tested.stdout, /^a\.zip: d\/e\/deep: not tested: is encrypted, which is not supported$/m);
  assert.match(tested.stdout, /^no faults: read 1 member, 0 B; 2 members not tested$/m);
  const extracted = await cli(['archive', 'extract', 'a.zip', '--into', 'out'], { cwd });
  assert.deepEqual([extracted.exitCode, extracted.stdout], [3, '1 file, 0 B, extracted; 2 members not\n']);
  for (const name of ['d/text', 'd/e/deep'])
    assert.equal((await cli(['archive', 'cat', 'a.zip', name], { cwd })).exitCode, 5);
  const listed = jsonLines((await cli(['archive', 'list', '--json', 'a.zip'], { cwd })).stdout);
  assert.deepEqual(
    listed
      .map(({ name, encrypted, method }) => [name, encrypted, method])
      .slice(0, -1)
      .toSorted(),
    [
      ['d/e/deep', true, 'stored'],
      ['d/empty', false, 'stored'],
      ['d/text', false, '14'],
    ],
  );
});
