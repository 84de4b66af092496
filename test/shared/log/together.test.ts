import assert from 'node:assert/strict';
import fs, { closeSync, openSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLogger, LOG_FORMATS, type LogFormat } from '../../../shared/log/logger.ts';
import { CorkableSink, type LineSink, syncSink } from '../../../shared/log/sync-sink.ts';
import { tempDir } from '../../support/temp.ts';

/** What a sink was called with: a line, or many at a time. */
type Call = string | readonly string[];

function sinkOfCalls(): { calls: Call[]; sink: Required<LineSink> } {
  const calls: Call[] = [];
  const sink: Required<LineSink> = {
    write: (line) => calls.push(line),
    writeAll: (lines) => calls.push([...lines]),
  };
  return { calls, sink };
}

function loggerTo(sink: LineSink, format: LogFormat = 'json') {
  return createLogger({ level: 'info', format, process: 'worker-3', sink });
}

const numbersIn = (lines: Call | undefined): unknown[] =>
  [lines ?? []].flat().map((line) => JSON.parse(line).number);

test('lines that are written together are passed on at the end, in their order and in one call', () => {
  const { calls, sink } = sinkOfCalls();
  const corkable = new CorkableSink(sink);
  corkable.write('before\n');
  corkable.together(() => {
    for (const line of ['a\n', 'b\n', 'c\n']) corkable.write(line);
    assert.deepEqual(calls, ['before\n']);
  });
  corkable.write('after\n');
  assert.deepEqual(calls, ['before\n', ['a\n', 'b\n', 'c\n'], 'after\n']);
});

test('what was written before the work threw is passed on, the error is thrown, and nothing is held back after it', () => {
  const { calls, sink } = sinkOfCalls();
  const corkable = new CorkableSink(sink);
  const boom = new Error('boom');
  const work = () => {
    corkable.write('a\n');
    corkable.write('b\n');
    throw boom;
  };
  assert.throws(() => corkable.together(work), boom);
  corkable.write('after\n');
  assert.deepEqual(calls, [['a\n', 'b\n'], 'after\n']);
});

test('what is together within what is together is passed on with all the rest, also when the inner work throws', () => {
  const { calls, sink } = sinkOfCalls();
  const corkable = new CorkableSink(sink);
  const boom = new Error('boom');
  corkable.together(() => {
    corkable.write('a\n');
    corkable.together(() => corkable.write('b\n'));
    corkable.write('c\n');
    const inner = () => {
      corkable.write('d\n');
      throw boom;
    };
    assert.throws(() => corkable.together(inner), boom);
    corkable.write('e\n');
    assert.deepEqual(calls, []);
  });
  assert.deepEqual(calls, [['a\n', 'b\n', 'c\n', 'd\n', 'e\n']]);
});

test('a sink that takes lines one by one gets them one by one, when they are passed on', () => {
  const lines: string[] = [];
  const corkable = new CorkableSink({ write: (line) => lines.push(line) });
  corkable.together(() => {
    corkable.write('a\n');
    corkable.write('b\n');
    assert.deepEqual(lines, []);
  });
  assert.deepEqual(lines, ['a\n', 'b\n']);
});

test('the records of a logger, of its children and of theirs are written together, whichever of them was asked', () => {
  for (const asked of [0, 1, 2]) {
    const { calls, sink } = sinkOfCalls();
    const logger = loggerTo(sink);
    const child = logger.child({ route: 'orders' });
    const loggers = [logger, child, child.child({ job: 1 })];
    loggers[asked]?.together(() => {
      for (const [number, one] of loggers.entries()) one.info({ event: 'file.ingested', number });
      logger.debug({ event: 'file.ingested', number: 'below the level' });
      logger.info({ event: 'file.ingested', number: 3 });
    });
    logger.info({ event: 'metrics', number: 4 });
    assert.deepEqual(calls.map(numbersIn), [[0, 1, 2, 3], [4]], `asked of logger ${asked}`);
  }
});

test('the record of what went wrong comes after those that were held back by the work that threw', () => {
  const { calls, sink } = sinkOfCalls();
  const logger = loggerTo(sink);
  const work = () => {
    logger.info({ event: 'file.ingested', number: 1 });
    throw new Error('boom');
  };
  assert.throws(() => logger.together(work), /boom/);
  logger.fatal({ event: 'defect', number: 2 });
  assert.deepEqual(calls.map(numbersIn), [[1], [2]]);
});

for (const format of LOG_FORMATS) {
  test(`records that are written together are passed on in one call (${format})`, () => {
    const { calls, sink } = sinkOfCalls();
    const logger = loggerTo(sink, format);
    logger.together(() => {
      for (const size of [1, 2]) logger.info({ event: 'file.ingested', size });
      assert.deepEqual(calls, []);
    });
    assert.equal(calls.length, 1);
    assert.equal(calls[0]?.length, 2);
  });

  test(`lines that are written together are in the file as those written one by one (${format})`, (t) => {
    const path = join(tempDir(t), 'log');
    const fd = openSync(path, 'a');
    t.after(() => closeSync(fd));
    const logger = loggerTo(syncSink(fd), format);
    const log = () => {
      for (const size of [1, 200_000, 3]) logger.info({ event: 'file.ingested', size }, 'é'.repeat(size));
    };
    log();
    const written = () => readFileSync(path, 'utf8').replace(/\d\d:\d\d:\d\d\.\d{3}/g, 'then');
    const before = written();
    logger.together(log);
    const day = /"time":"[^"]*"/g;
    assert.equal(before.split('\n').length, 4);
    assert.equal(written().slice(before.length).replace(day, ''), before.replace(day, ''));
  });
}

/** What is written into a file, system call by system call. */
function writesTo(t: TestContext): { fd: number; writes: string[] } {
  const fd = openSync(join(tempDir(t), 'log'), 'a');
  t.after(() => closeSync(fd));
  const writes: string[] = [];
  const { writeSync } = fs;
  t.mock.method(fs, 'writeSync', (to: number, bytes: Buffer) => {
    if (to === fd) writes.push(bytes.toString());
    return writeSync(to, bytes);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return { fd, writes };
}

/** What a pipe takes as a whole where several processes write into it: PIPE_BUF. */
const PIPE_TAKES = 4096;

test('many lines are few system calls, each of whole lines and no longer than a pipe takes as one', (t) => {
  const { fd, writes } = writesTo(t);
  // Letters of two bytes: what counts is bytes.
  const lines = Array.from({ length: 100 }, (_, n) => `${n} ${'é'.repeat(n)}\n`);
  syncSink(fd).writeAll?.(lines);
  assert.equal(writes.join(''), lines.join(''));
  for (const write of writes) assert.match(write, /\n$/);
  for (const write of writes) assert.ok(Buffer.byteLength(write) <= PIPE_TAKES);
  for (const [n, write] of writes.entries()) {
    const next = writes[n + 1]?.split('\n')[0];
    if (next !== undefined) assert.ok(Buffer.byteLength(`${write}${next}\n`) > PIPE_TAKES, 'there was room');
  }
});

test('a line that is longer than a pipe takes as one is written by itself, and no lines are no system call', (t) => {
  const { fd, writes } = writesTo(t);
  const long = `${'x'.repeat(2 * PIPE_TAKES)}\n`;
  const sink = syncSink(fd);
  sink.writeAll?.([]);
  assert.deepEqual(writes, []);
  sink.writeAll?.(['a\n', 'b\n', long, 'c\n', 'd\n']);
  assert.deepEqual(writes, ['a\nb\n', long, 'c\nd\n']);
});
