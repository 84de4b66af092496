import pino from 'pino';
import type { EventName } from './events.ts';
import type { LogFormat, LogLevel } from './levels.ts';
import { prettyLine } from './pretty.ts';
import { serializeError } from './serialize-error.ts';
import { CorkableSink, type LineSink } from './sync-sink.ts';

export { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './levels.ts';

/** What a record holds. `err` takes an error as it was caught. */
export type LogFields = { event: EventName; err?: unknown; [field: string]: unknown };

type LogMethod = (fields: LogFields, message?: string) => void;

/** pino's logger, narrowed so that a record without the name of its event does not compile. */
export type Logger = {
  readonly [level in Exclude<LogLevel, 'silent'>]: LogMethod;
} & {
  /** A logger whose records carry these fields too. */
  child(bindings: Record<string, unknown>): Logger;
  /** For work that is only worth doing for a record that will be written. */
  isLevelEnabled(level: LogLevel): boolean;
  /** Writes the records that `work` makes as one, when it returns: for many at a time. */
  together(work: () => void): void;
};

export type LoggerOptions = {
  level: LogLevel;
  format: LogFormat;
  /** The process's name, for example `worker-3`: the `process` of each record. */
  process: string;
  /** Where lines go, whole and in order; `syncSink(2)` in a process of the program. */
  sink: LineSink;
  /** Colours, in the pretty format. Off unless the sink ends at a terminal. */
  colour?: boolean;
};

/**
 * A logger that has written a record when its method returns (given a synchronous sink), so that nothing is lost at exit
 * and a crash is preceded by its last line. A sink that fails loses the line and nothing else.
 */
export function createLogger({ level, format, process: name, sink, colour = false }: LoggerOptions): Logger {
  const corkable = new CorkableSink(sink);
  const destination = format === 'pretty' ? prettyLine(corkable, colour) : corkable;
  const logger = pino(
    {
      level,
      base: { process: name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    destination,
  );
  // Children inherit it.
  return Object.assign(logger, { together: corkable.together.bind(corkable) }) as unknown as Logger;
}
