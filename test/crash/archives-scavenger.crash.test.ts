import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ARCHIVE_CRASH_POINTS } from '../../shared/archives/contract.ts';
import { Base } from '../shared/archives/scavenger/base.ts';
import { textsIn } from '../shared/archives/scavenger/read-zip.ts';
import { Program } from '../support/program.ts';

const POINTS = ARCHIVE_CRASH_POINTS.filter((point) => point.startsWith('scavenge.'));
const READER = fileURLToPath(new URL('archives-scavenger-reader.ts', import.meta.url));

const text = (name: string): string => `${name}${'x'.repeat(500)}`;

const filesOf = (base: Base, stem: string): string[] =>
  readdirSync(base.path)
    .filter((name) => new RegExp(`^${stem}(-\\d+)?\\.zip$`).test(name))
    .map((name) => base.at(name));

const scavenge = (base: Base, env: NodeJS.ProcessEnv = {}): Program =>
  new Program(['archive', 'scavenge', base.path, '--volume-bytes', '8KiB'], env);

test('a scavenger that is killed at any point loses nothing, and the next one collects the rest', async (t) => {
  for (const point of POINTS) {
    const base = Base.make(t);
    const names = Array.from({ length: 30 }, (_, number) => `${number}`);
    await base.deposit(names.slice(0, 10).map((name) => [`a.zip/${name}`, text(name)] as const));
    await base.scavenge();
    await base.deposit(
      names.map((name) => [`a.zip/${name}`, text(name)] as const),
      { leaveOpen: true, compression: 'store' },
    );
    await base.deposit(
      names.map((name) => [`b.zip/${name}`, text(name)] as const),
      { compression: 'store' },
    );
    const died = base.at('..', 'died');
    const first = await scavenge(base, { WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died }).exited;
    assert.equal(first.signal, 'SIGKILL', `${point}: ${first.stderr}`);
    assert.ok(existsSync(died), point);
    const second = await scavenge(base).exited;
    assert.equal(second.code, 0, `${point}: ${second.stderr}`);
    const expected = Object.fromEntries(names.map((name) => [name, text(name)]));
    for (const stem of ['a', 'b']) assert.deepEqual(textsIn(...filesOf(base, stem)), expected, point);
    assert.deepEqual(base.inbox(), [], point);
  }
});

test('scavengers that run at once and are killed at random collect everything once, and readers find valid zips', async (t) => {
  const base = Base.make(t);
  const stems = ['a', 'b', 'c'];
  const numbers = ['', '-2', '-3', '-4', '-5', '-6'];
  const files = stems.flatMap((stem) => numbers.map((number) => base.at(`${stem}${number}.zip`)));
  const reader = spawn(process.execPath, [READER, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => reader.kill('SIGKILL'));
  const said: Buffer[] = [];
  reader.stdout.on('data', (chunk) => said.push(chunk));
  const expected: Record<string, Record<string, string>> = { a: {}, b: {}, c: {} };
  for (let round = 0; round < 8; round += 1) {
    for (const stem of stems) {
      const names = Array.from({ length: 15 }, (_, number) => `${round}-${number}`);
      await base.deposit(
        names.map((name) => [`${stem}.zip/${name}`, text(name)] as const),
        { compression: 'store', leaveOpen: round % 2 === 0 },
      );
      for (const name of names) Object.assign(expected[stem] ?? {}, { [name]: text(name) });
    }
    const at = POINTS[(round * 5) % POINTS.length];
    const programs = [
      scavenge(base, {
        WHARFINGER_CRASH_AT: `${at}:${1 + (round % 3)}`,
        WHARFINGER_CRASH_ONCE: base.at('..', `died-${round}`),
      }),
      scavenge(base, {
        WHARFINGER_CRASH_AT: `${at}:${1 + (round % 3)}`,
        WHARFINGER_CRASH_ONCE: base.at('..', `died-${round}`),
      }),
      scavenge(base),
    ];
    for (const { code, signal, stderr } of await Promise.all(programs.map(({ exited }) => exited)))
      assert.ok(code === 0 || signal === 'SIGKILL', stderr);
  }
  const last = await scavenge(base).exited;
  assert.equal(last.code, 0, last.stderr);
  for (const stem of stems) assert.deepEqual(textsIn(...filesOf(base, stem)), expected[stem]);
  assert.deepEqual(base.inbox(), []);
  const exited = once(reader, 'exit');
  reader.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  assert.ok(Number(Buffer.concat(said).toString()) > 100, 'it read often');
});

test('an archive of 70,000 members in one volume is appended to and known by heart', async (t) => {
  const base = Base.make(t);
  const names = Array.from({ length: 70_000 }, (_, number) => `dir/${number}`);
  await base.deposit(
    names.map((name) => [`a.zip/${name}`, name] as const),
    { compression: 'store' },
  );
  assert.equal((await base.scavenge()).members, 70_000);
  await base.deposit({ 'a.zip/new': 'new', 'a.zip/dir/69999': 'dir/69999' });
  const report = await base.scavenge();
  assert.deepEqual([report.members, report.duplicates], [1, 1]);
  assert.equal(Object.keys(textsIn(base.at('a.zip'))).length, 70_001);
});
