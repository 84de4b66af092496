import assert from 'node:assert/strict';
import fs, { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BytePath, fromText } from '../../../shared/fs/byte-path.ts';
import { appendLines, type Line } from '../../../shared/manifest/append.ts';
import { Manifests } from '../../../shared/manifest/manifests.ts';
import { openState } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

const line = (id: number, more = ''): Line => ({ id, text: `${JSON.stringify({ id, more })}\n` });
const textOf = (...lines: Line[]) => lines.map(({ text }) => text).join('');

/** One manifest of which lines are in flight, and what was done with it. */
class Fixture {
  readonly file: string;
  readonly path: BytePath;
  readonly manifests: Manifests;
  readonly inFlight = new Map<number, string>();
  readonly adopted: number[] = [];
  readonly shortened: [number, number][] = [];
  readonly cut: number[] = [];
  readonly steps: string[] = [];

  constructor(t: TestContext) {
    const directory = tempDir(t);
    const state = openState(join(directory, 'state.db'));
    t.after(() => state.close());
    this.manifests = new Manifests(state);
    this.file = join(directory, 'manifest.jsonl');
    this.path = fromText(this.file);
  }

  /** As a commit does: the lines are in flight before, and committed after. */
  append(...lines: Line[]): void {
    for (const { id, text } of lines) this.inFlight.set(id, text);
    appendLines(lines, {
      path: this.path,
      manifests: this.manifests,
      lineInFlight: (id) => this.inFlight.get(id),
      adopt: (id) => {
        this.adopted.push(id);
        this.inFlight.delete(id);
      },
      onShortened: (...lengths) => void this.shortened.push(lengths),
      onCut: (count) => void this.cut.push(count),
      onStep: (step) => void this.steps.push(step),
    });
    for (const { id } of lines) this.inFlight.delete(id);
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  get committed() {
    return this.manifests.committed(this.path);
  }
}

test('lines are appended, made durable, and counted', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1), line(2));
  fixture.append(line(3, 'ä'));
  const text = textOf(line(1), line(2), line(3, 'ä'));
  assert.equal(fixture.text, text);
  assert.deepEqual(fixture.committed, { bytes: Buffer.byteLength(text), lines: 3 });
  assert.deepEqual(fixture.steps, ['written', 'synced', 'written', 'synced']);
});

test('whole lines that a commit left are adopted, and not written again', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, textOf(line(2), line(3)));
  for (const id of [2, 3]) fixture.inFlight.set(id, line(id).text);
  fixture.append(line(3), line(4));
  assert.equal(fixture.text, textOf(line(1), line(2), line(3), line(4)));
  assert.deepEqual(fixture.adopted, [2, 3]);
  assert.deepEqual(fixture.committed, { bytes: Buffer.byteLength(fixture.text), lines: 4 });
});

test('a torn line is cut, and the line is written whole', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, line(2).text.slice(0, -3));
  fixture.inFlight.set(2, line(2).text);
  fixture.append(line(2));
  assert.equal(fixture.text, textOf(line(1), line(2)));
  assert.deepEqual([fixture.adopted, fixture.cut], [[], []]);
});

test('whole lines that are of nothing in flight are cut, and it is said how many', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, textOf(line(2), line(8), line(9)) + line(10).text.slice(0, 4));
  fixture.inFlight.set(2, line(2).text);
  fixture.append(line(3));
  assert.equal(fixture.text, textOf(line(1), line(2), line(3)));
  assert.deepEqual([fixture.adopted, fixture.cut], [[2], [2]]);
});

test('whole lines before a torn one are adopted, the torn one is cut', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, line(2).text + line(3).text.slice(0, 4));
  for (const id of [2, 3]) fixture.inFlight.set(id, line(id).text);
  fixture.append(line(4));
  assert.equal(fixture.text, textOf(line(1), line(2), line(4)));
  assert.deepEqual(fixture.adopted, [2]);
});

const NOT_ADOPTED: Record<string, (fixture: Fixture) => string> = {
  'of no row in flight': () => line(9).text,
  'that says something else than its row': (fixture) => {
    fixture.inFlight.set(9, line(9).text);
    return line(9, 'else').text;
  },
  'that is the same text in other bytes': (fixture) => {
    fixture.inFlight.set(9, line(9, '\ufffd').text);
    return line(9, '\ufffd').text;
  },
  'that is no JSON': () => 'rubbish\n',
  'that is JSON and no record': () => 'null\n[1]\n"a"\n{"id":"9"}\n',
  'of zeros, as some file systems leave them after a power cut': () => '\0'.repeat(500),
};

for (const [what, make] of Object.entries(NOT_ADOPTED)) {
  test(`behind the committed length a line ${what} is cut with all that follows`, (t) => {
    const fixture = new Fixture(t);
    fixture.append(line(1));
    const tail = Buffer.from(make(fixture));
    const bytes = what.includes('other bytes')
      ? Buffer.from(tail.toString('latin1').replace('\u00ef\u00bf\u00bd', '\u00ff'), 'latin1')
      : tail;
    fixture.inFlight.set(8, line(8).text);
    appendFileSync(fixture.file, Buffer.concat([bytes, Buffer.from(line(8).text)]));
    fixture.append(line(2));
    assert.equal(fixture.text, textOf(line(1), line(2)));
    assert.deepEqual(fixture.adopted, []);
    assert.deepEqual(fixture.committed.lines, 2);
  });
}

test('one line twice behind the committed length is adopted once', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, textOf(line(2), line(2)));
  fixture.inFlight.set(2, line(2).text);
  fixture.append(line(3));
  assert.equal(fixture.text, textOf(line(1), line(2), line(3)));
});

test('nothing but adoption is no write', (t) => {
  const fixture = new Fixture(t);
  writeFileSync(fixture.file, line(1).text);
  fixture.append(line(1));
  assert.deepEqual([fixture.adopted, fixture.steps], [[1], []]);
  assert.deepEqual(fixture.committed, { bytes: Buffer.byteLength(line(1).text), lines: 1 });
});

test('a manifest that was shortened is continued at its last whole line, and it is said', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1), line(2));
  const { length } = fixture.text;
  truncateSync(fixture.file, length - 3);
  fixture.append(line(3));
  assert.equal(fixture.text, textOf(line(1), line(3)));
  assert.deepEqual(fixture.shortened, [[length, length - 3]]);
  fixture.append(line(4));
  assert.equal(fixture.shortened.length, 1, 'once');
  assert.deepEqual(fixture.committed, { bytes: Buffer.byteLength(fixture.text), lines: 3 });
});

test('a reader that tails a manifest sees nothing but growth, whatever commits died', (t) => {
  const fixture = new Fixture(t);
  let seen = '';
  const look = () => {
    const whole = fixture.text.slice(0, fixture.text.lastIndexOf('\n') + 1);
    assert.ok(whole.startsWith(seen), `${seen} was seen before ${whole}`);
    seen = whole;
  };
  for (let id = 1; id < 30; id += 1) {
    const died = id % 3;
    if (died !== 0) {
      const left = line(id).text + line(id + 100).text.slice(0, died === 1 ? 5 : undefined);
      appendFileSync(fixture.file, left);
      fixture.inFlight.set(id, line(id).text).set(id + 100, line(id + 100).text);
      look();
    }
    fixture.append(line(id), line(id + 100));
    look();
  }
  assert.equal(fixture.text.split('\n').length - 1, 58);
});

test('an adopted line is written again before it is synced: the fsync of who wrote it may have failed', (t) => {
  const fixture = new Fixture(t);
  fixture.append(line(1));
  appendFileSync(fixture.file, line(2).text);
  fixture.inFlight.set(2, line(2).text);
  const calls: string[] = [];
  const { writeSync, fsyncSync } = fs;
  const write: (...args: Parameters<typeof writeSync>) => number = (fd, data, ...rest) => {
    calls.push(`write ${data}`);
    return writeSync(fd, data, ...rest);
  };
  t.mock.method(fs, 'writeSync', write);
  t.mock.method(fs, 'fsyncSync', (fd: number) => {
    calls.push('sync');
    fsyncSync(fd);
  });
  syncBuiltinESMExports();
  try {
    fixture.append();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  assert.deepEqual([fixture.adopted, calls], [[2], [`write ${line(2).text}`, 'sync']]);
});
