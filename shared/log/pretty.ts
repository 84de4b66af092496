import { prettyFactory } from 'pino-pretty';
import type { LineSink } from './sync-sink.ts';

/** JSON records in, lines for a person out, at once: the stream that pino-pretty offers would hold the last ones back at a crash. */
export function prettyLine(sink: LineSink, colour: boolean): LineSink {
  const prettify = prettyFactory({
    colorize: colour,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    // `name` is a child's, and its message says it: pino-pretty would take it for the logger's.
    ignore: 'pid,hostname,process,processes,event,name',
    messageFormat: (record, messageKey) => {
      const message = record[messageKey];
      const head = `${String(record.process)} ${String(record.event ?? '')}`;
      return message === undefined ? head : `${head}: ${harmless(String(message))}`;
    },
  });
  return { write: (line) => sink.write(prettify(escapeHighControls(line))) };
}

/** A message may hold the name of a file, and a name any character: none may play with the terminal. */
const harmless = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\x00-\x1f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** JSON escapes the low control characters but not these, some of which terminals obey too. */
const escapeHighControls = (line: string): string =>
  line.replace(/[\x7f-\x9f]/g, (sign) => `\\\\x${sign.charCodeAt(0).toString(16)}`);
