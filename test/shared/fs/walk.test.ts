import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { type BytePath, fromText, join, relativeTo, toBytes } from '../../../shared/fs/byte-path.ts';
import { type WalkEntry, type WalkOptions, walk } from '../../../shared/fs/walk.ts';
import { cannotMount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from '../linux/mount-places.ts';

const onError = (error: unknown): never => {
  throw error;
};

/** Makes files, and directories where the name ends with a slash. */
function makeTree(directory: string, names: readonly string[]): BytePath {
  const root = fromText(directory);
  for (const name of names) {
    const path = join(root, name);
    if (name.endsWith('/')) mkdirSync(toBytes(path), { recursive: true });
    else writeFileSync(toBytes(path), '');
  }
  return root;
}

async function collect(root: BytePath, options: Partial<WalkOptions> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of walk(root, { recursive: true, onError, ...options })) {
    found.push(...batch.map((entry) => describe(root, entry)));
  }
  return found.sort();
}

const describe = (root: BytePath, { path, kind }: WalkEntry): string =>
  relativeTo(root, path) + { file: '', directory: '/', other: '!' }[kind];

test('all files and directories below come once, with their kinds', async (t) => {
  const root = makeTree(tempDir(t), ['a', 'd/', 'd/b', 'd/e/', 'd/e/c', 'empty/']);
  assert.deepEqual(await collect(root), ['a', 'd/', 'd/b', 'd/e/', 'd/e/c', 'empty/']);
});

test('without recursion directories come, and nothing below them', async (t) => {
  const root = makeTree(tempDir(t), ['a', 'd/', 'd/b']);
  assert.deepEqual(await collect(root, { recursive: false }), ['a', 'd/']);
});

test('hidden directories are left out with all below, hidden files are not', async (t) => {
  const root = makeTree(tempDir(t), ['.h/', '.h/a', 'd/', 'd/.h/', 'd/.h/b', 'd/.file']);
  assert.deepEqual(await collect(root), ['d/', 'd/.file']);
});

test('a directory whose own path is hidden is walked', async (t) => {
  const root = makeTree(tempDir(t), ['.h/', '.h/a']);
  assert.deepEqual(await collect(join(root, '.h')), ['a']);
});

test('symlinks are other things and never followed, nor are FIFOs opened', async (t) => {
  const root = makeTree(tempDir(t), ['d/', 'd/a']);
  symlinkSync('d', join(root, 'link'));
  symlinkSync('..', join(root, 'd/up'));
  symlinkSync('d/a', join(root, 'file-link'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  assert.deepEqual(await collect(root), ['d/', 'd/a', 'd/up!', 'fifo!', 'file-link!', 'link!']);
});

test('a symlink is walked where a person named it, and only then', async (t) => {
  const root = makeTree(tempDir(t), ['d/', 'd/a']);
  const link = join(root, 'link');
  symlinkSync('d', link);
  await assert.rejects(collect(link), { code: 'ENOTDIR' });
  assert.deepEqual(await collect(link, { followLink: true }), ['a']);
});

test('names of any bytes and of the greatest length come as they are', async (t) => {
  const long = '\xff'.repeat(255);
  const names = ['\xff/', '\xff/\xfe', 'new\nline', '\xc3\xa4', `${long}/`, `${long}/${long}`];
  const root = makeTree(tempDir(t), names);
  assert.deepEqual(await collect(root), names.sort());
});

test('the root of the file system gives paths with one slash', async () => {
  for await (const batch of walk(fromText('/'), { recursive: false, onError })) {
    assert.ok(batch.some(({ path }) => path === '/proc'));
    assert.ok(batch.every(({ path }) => /^\/[^/]+$/.test(path)));
  }
});

test('entries come in batches, filled up across directories', async (t) => {
  const directories = Array.from({ length: 30 }, (_, index) => `${index}/`);
  const files = directories.flatMap((name) => Array.from({ length: 100 }, (_, index) => `${name}${index}`));
  const root = makeTree(tempDir(t), [...directories, ...files]);
  const sizes: number[] = [];
  const seen = new Set<string>();
  for await (const batch of walk(root, { recursive: true, onError })) {
    sizes.push(batch.length);
    for (const { path } of batch) seen.add(path);
  }
  assert.equal(seen.size, 3030);
  assert.equal(sizes.length, 3);
  assert.ok(sizes.slice(0, -1).every((size) => size >= 1024));
});

test('a directory that is missing is an error, one that vanishes on the way is not', async (t) => {
  const root = makeTree(tempDir(t), ['d/', 'e/', 'e/a']);
  await assert.rejects(collect(join(root, 'missing')), { code: 'ENOENT' });
  const enter = (path: BytePath) => {
    if (path.endsWith('/d')) rmdirSync(path);
    return true;
  };
  assert.deepEqual(await collect(root, { enter }), ['d/', 'e/', 'e/a']);
});

test('a directory that is removed while it is read ends', async (t) => {
  const root = makeTree(tempDir(t), [
    'd/',
    ...Array.from({ length: 2000 }, (_, i) => `d/${i}-${'x'.repeat(80)}`),
  ]);
  let batches = 0;
  for await (const batch of walk(root, { recursive: true, onError })) {
    if (batches === 0) {
      assert.ok(batch.length < 2000);
      rmSync(join(root, 'd'), { recursive: true });
    }
    batches += 1;
  }
  assert.ok(batches >= 1);
});

test('a directory that becomes a symlink on the way is not followed', async (t) => {
  const root = makeTree(tempDir(t), ['in/', 'in/d/', 'in/d/b', 'secret/', 'secret/a']);
  const enter = (path: BytePath) => {
    if (path.endsWith('/d')) {
      renameSync(path, join(root, 'elsewhere'));
      symlinkSync('../secret', path);
    }
    return true;
  };
  assert.deepEqual(await collect(join(root, 'in'), { enter }), ['d/']);
});

test('files that are taken away while the directory is read disturb nothing', async (t) => {
  const names = Array.from({ length: 5000 }, (_, index) => `${index}-${'x'.repeat(50)}`);
  const root = makeTree(tempDir(t), names);
  const seen = new Set<string>();
  for await (const batch of walk(root, { recursive: true, onError })) {
    for (const { path } of batch) {
      assert.ok(!seen.has(path));
      seen.add(path);
      unlinkSync(path);
    }
  }
  assert.equal(seen.size, names.length);
  assert.deepEqual(readdirSync(root), []);
});

test('a directory that may not be read is told, and the walk goes on', {
  skip: process.getuid?.() === 0 ? false : 'becoming another user needs root',
}, async (t) => {
  const directory = tempDir(t);
  makeTree(directory, ['closed/', 'closed/a', 'open/', 'open/b']);
  chmodSync(directory, 0o755);
  chmodSync(`${directory}/closed`, 0o700);
  // From within: the directories above may be closed to others.
  const before = process.cwd();
  process.chdir(directory);
  const root = fromText('.');
  const errors: [unknown, string][] = [];
  process.seteuid?.(65_534);
  try {
    const found = await collect(root, { onError: (error, path) => errors.push([error, path]) });
    assert.deepEqual(found, ['closed/', 'open/', 'open/b']);
  } finally {
    process.seteuid?.(0);
    process.chdir(before);
  }
  assert.equal(errors.length, 1);
  const [error, path] = errors[0] ?? [];
  assert.equal(path, join(root, 'closed'));
  assert.ok(error instanceof Error && 'code' in error && error.code === 'EACCES');
});

test('each directory is asked for before it is read, the first as well, and left out where refused', async (t) => {
  const root = makeTree(tempDir(t), ['d/', 'd/e/', 'd/e/a', 'f/', 'f/b']);
  const asked: string[] = [];
  const enter = (path: BytePath) => {
    asked.push(relativeTo(root, path));
    // What is made now is seen.
    if (path === root) writeFileSync(join(root, 'late'), '');
    return !path.endsWith('/e');
  };
  assert.deepEqual(await collect(root, { enter }), ['d/', 'd/e/', 'f/', 'f/b', 'late']);
  assert.deepEqual(asked.sort(), ['', 'd', 'd/e', 'f']);
});

test('an abort ends the walk with its reason', async (t) => {
  const root = makeTree(
    tempDir(t),
    Array.from({ length: 3000 }, (_, i) => `${i}-${'x'.repeat(60)}`),
  );
  const abort = new AbortController();
  let batches = 0;
  await assert.rejects(async () => {
    for await (const _ of walk(root, { recursive: true, onError, signal: abort.signal })) {
      batches += 1;
      // As a signal does it, in a turn of the event loop of its own.
      setImmediate(() => abort.abort(new Error('stop')));
    }
  }, /^Error: stop$/);
  assert.equal(batches, 1);
});

test('no descriptor stays open, also when the walk is left early', async (t) => {
  const root = makeTree(tempDir(t), ['a/b/c/d/', ...Array.from({ length: 1100 }, (_, i) => `a/b/c/${i}`)]);
  const before = readdirSync('/proc/self/fd').length;
  for await (const _ of walk(root, { recursive: true, onError })) break;
  await collect(root);
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('a deep tree is walked', async (t) => {
  const root = makeTree(tempDir(t), [`${'d/'.repeat(1000)}`]);
  assert.equal((await collect(root)).length, 1000);
});

test('where the file system does not tell types they are looked up, whatever bytes the names are', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const places = new MountPlaces(t);
  const mounted = places.ext4WithoutTypes('image', 'mounted', 8 << 20);
  const root = makeTree(mounted, ['a\xff', 'd\xfe/', 'd\xfe/b', '.h/', '.h/c']);
  symlinkSync('d', join(root, 'link'));
  assert.deepEqual(await collect(root), ['a\xff', 'd\xfe/', 'd\xfe/b', 'link!', 'lost+found/']);
});
