/**
 * Runs the tests: `node test/support/run.ts [crash] [FILE or DIRECTORY…]`. All but the crash tests, or with `crash` those
 * alone; a test file that is named is run in any case. The run fails as well when a test file does not end, when a process or a mount
 * is left behind, and when Node warns of something.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { leftMounts, leftProcesses } from './left-behind.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TEST_TIMEOUT_MS = 120_000;
/** A test that runs is heard of within its own timeout; a silence beyond it is a file that does not end. */
const SILENCE_MS = TEST_TIMEOUT_MS + 30_000;

const faults: string[] = [];
const files = selectFiles(process.argv.slice(2));
// Each run has its own place for temporary files: whatever still points into it afterwards was left by this run.
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'wharfinger-run-')));
// Tests play other users, who have to come through it.
chmodSync(directory, 0o755);
process.env.TMPDIR = directory;
// Most of the time of a small test file is the compilation of what all of them import: kept as `bin/run.js` keeps it.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules/.cache/wharfinger');
// mkfs and its like, which the PATH of many users lacks, that of root's too after `su`.
process.env.PATH += ':/usr/sbin:/sbin';

const stop = new AbortController();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    stop.abort();
    for (const left of leftProcesses(directory)) left.kill();
  });
}

const silence = setTimeout(() => {
  faults.push('a test file did not end after its tests: something keeps it alive');
  stop.abort();
}, SILENCE_MS);

// Half as many again as there are processors: a test that starts processes waits for most of its time.
const events = run({
  files,
  cwd: ROOT,
  concurrency: Math.ceil(1.5 * availableParallelism()),
  isolation: 'process',
  timeout: TEST_TIMEOUT_MS,
  signal: stop.signal,
});
for (const event of ['test:dequeue', 'test:complete', 'test:stdout', 'test:stderr'] as const) {
  events.on(event, () => silence.refresh());
}
events.on('test:stderr', ({ file, message }) => {
  if (/\(node:\d+\) .*Warning/.test(message))
    faults.push(`${relative(ROOT, file)} warned: ${message.trim()}`);
});
let succeeded = false;
events.on('test:summary', ({ file, success }) => {
  if (file === undefined) succeeded = success;
});
for await (const text of events.pipe(new spec())) process.stdout.write(text);
clearTimeout(silence);

for (const left of leftProcesses(directory)) {
  if (!stop.signal.aborted) faults.push(`left behind: process ${left.pid} (${left.command})`);
  left.kill();
}
for (const path of leftMounts(directory)) {
  faults.push(`left behind: a mount at ${path}`);
  spawnSync('umount', ['-l', path]);
}
if (readdirSync(directory).length === 0) rmdirSync(directory);
else process.stdout.write(`temporary files are in ${directory}\n`);
if (!interrupted) for (const fault of faults) process.stdout.write(`✖ ${fault}\n`);
process.exit(interrupted ? 130 : succeeded && faults.length === 0 ? 0 : 1);

function selectFiles(args: readonly string[]): string[] {
  const wantsCrash = args.includes('crash');
  const paths = args.filter((arg) => arg !== 'crash');
  const found = (paths.length === 0 ? [join(ROOT, 'test')] : paths).flatMap((path) => {
    if (!statSync(path).isDirectory()) return [resolve(path)];
    const all = globSync('**/*.test.ts', { cwd: path }).map((name) => resolve(path, name));
    return all.filter((file) => file.endsWith('.crash.test.ts') === wantsCrash).sort();
  });
  if (found.length > 0) return [...new Set(found)];
  process.stdout.write('there are no such test files\n');
  process.exit(1);
}
