import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvironmentError } from '../../../shared/errors.ts';
import { EVENT_NAMES } from '../../../shared/log/events.ts';
import { createLogger, type LogFormat, type LogLevel } from '../../../shared/log/logger.ts';

function logging(format: LogFormat = 'json', level: LogLevel = 'info') {
  const lines: string[] = [];
  const logger = createLogger({
    level,
    format,
    process: 'worker-3',
    sink: { write: (line) => lines.push(line) },
  });
  return { lines, logger, record: (index: number) => JSON.parse(lines[index] ?? '') };
}

test('a record has its event, an ISO time, the level as a word, the process and its pid', () => {
  const { logger, record, lines } = logging();
  logger.info({ event: 'file.ingested', source: '/in/a\nb.csv', size: 3 }, 'taken');
  const { time, ...rest } = record(0);
  assert.deepEqual(rest, {
    level: 'info',
    process: 'worker-3',
    pid: process.pid,
    event: 'file.ingested',
    source: '/in/a\nb.csv',
    size: 3,
    msg: 'taken',
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.match(lines[0] ?? '', /^[^\n]+\n$/);
});

test('what is below the level is not written', () => {
  const { logger, lines } = logging('json', 'warn');
  logger.info({ event: 'metrics' });
  logger.warn({ event: 'file.failed' });
  assert.equal(lines.length, 1);
  assert.equal(logger.isLevelEnabled('info'), false);
});

test('the records of a child logger carry its fields', () => {
  const { logger, record } = logging();
  logger.child({ route: 'orders' }).info({ event: 'file.ingested' });
  assert.equal(record(0).route, 'orders');
});

test('an expected error is its code and hint without a stack, a defect has its stack', () => {
  const { logger, record } = logging();
  const cause = new Error('ENOSPC: no space left on device');
  const error = new EnvironmentError('no room', {
    code: 'place.full',
    hint: 'make some',
    subject: '/w',
    cause,
  });
  logger.error({ event: 'place.refused', err: error });
  logger.fatal({ event: 'defect', err: new TypeError('oh') });
  assert.deepEqual(record(0).err, {
    type: 'EnvironmentError',
    code: 'place.full',
    message: 'no room',
    subject: '/w',
    hint: 'make some',
    cause: cause.message,
  });
  assert.match(record(1).err.stack, /^TypeError: oh\n/);
});

test('the pretty format is one line for a person, and has no escape sequence unless colour is asked for', () => {
  const { logger, lines } = logging('pretty');
  logger.info({ event: 'file.ingested', source: '/in/a.csv' }, 'taken');
  assert.match(
    lines[0] ?? '',
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: worker-3 file\.ingested: taken \{"source":"\/in\/a\.csv"\}\n$/,
  );
});

test('in the pretty format no name of a file can play with the terminal', () => {
  const { logger, lines } = logging('pretty');
  const name = '/in/\x1b[2Jred\r\nfake line\x9b2J\x7f';
  logger.warn({ event: 'file.failed', source: name }, `${name} cannot be read`);
  const [line = ''] = lines;
  assert.equal(line.indexOf('\n'), line.length - 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
  assert.doesNotMatch(line.slice(0, -1), /[\x00-\x1f\x7f-\x9f]/);
  assert.match(line, /file\.failed: \/in\/\\x1b\[2Jred\\x0d\\x0afake line\\x9b2J\\x7f cannot be read/);
});

test('no event name is there twice', () => {
  assert.equal(new Set(EVENT_NAMES).size, EVENT_NAMES.length);
  for (const name of EVENT_NAMES) assert.match(name, /^[a-z]+(\.[a-z_]+)?$/);
});
