import { z } from 'zod';
import { MAX_DURATION_MS } from './settings.ts';

/**
 * The mappings of the two kinds of config file. Of `start`, `serve` and their like: the top level, a route, and the sinks of one, by
 * type. Of `watch`: the top level, and a target. `scan`: the command of that name, which has no file.
 */
export type OptionPlace = 'config' | 'route' | 's3' | 'load' | 'archive' | 'watch' | 'target' | 'scan';

/** One option: its form in the config file, how text becomes that form, and the words to speak of it. */
export type OptionSpec<Schema extends z.ZodType = z.ZodType> = {
  /** Where it may stand. At the top level of a file, and as an option, it is the default of all below. */
  of: readonly OptionPlace[];
  /** How the text of an option or of the environment is read. */
  text: 'text' | 'number' | 'flag' | 'list';
  /** Its form in the config file, and of the text once read. */
  schema: Schema;
  /** Completes "… is not …". */
  expects: string;
  /** A value that a person may copy. */
  example: string;
  /** What a help page shows for the value; none for a flag. */
  placeholder?: string;
  /** One line of the help page. */
  description: string;
  /** What help says the default is; the value stands in `resolveSettings`. */
  fallback?: string;
};

const NO_HOME = 'begins with ~, which only the shell understands; write the whole path';

/** A path as a person writes it; relative to the working directory, or in a config file to that file's directory. */
export const pathText = z
  .string()
  .min(1)
  .refine((path) => !path.includes('\0') && !path.includes('\uFFFD'), { error: 'is not a valid UTF-8 path' })
  .refine((path) => path !== '~' && !path.startsWith('~/'), { error: NO_HOME });

export const globText = z
  .string()
  .min(1)
  .refine((glob) => !glob.startsWith('/'), {
    error: 'begins with /, but a glob is matched on the path relative to the input; leave the / out',
  });

/** One or many: a config file may leave out the brackets around one. */
export const listOf = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);

export const OF = {
  /** The program as a whole, whatever it does. */
  program: { of: ['config', 'watch', 'scan'] },
  /** The program as `start` and `serve` run it. */
  service: { of: ['config'] },
  /** Every directory that is watched. */
  watched: { of: ['config', 'route', 'watch', 'target'] },
  /** One whose files are taken into custody. */
  custody: { of: ['config', 'route'] },
  /** What is sent to object storage. */
  sent: { of: ['s3', 'watch', 'target'] },
  /** The directory of a target, and what becomes of a file there. */
  target: { of: ['target'] },
  afterwards: { of: ['watch', 'target'] },
  /** Wherever something is sent, and the default of all sinks. */
  credentials: { of: ['config', 's3', 'watch', 'target'] },
  /** What is loaded into a table. */
  loaded: { of: ['load', 'scan'] },
  /** The same, and the default of all sinks. */
  loading: { of: ['config', 'load', 'scan'] },
  /** What goes into zip archives. */
  archived: { of: ['archive'] },
  /** A store of files that is only read. */
  scanned: { of: ['scan'] },
} as const satisfies Record<string, { of: readonly OptionPlace[] }>;

/** A whole number from `min` to `max`. */
export const whole = (min: number, max: number, example: number) =>
  ({
    text: 'number',
    schema: z.number().int().min(min).max(max),
    expects: `a whole number from ${min} to ${max}`,
    example: String(example),
    placeholder: 'N',
  }) as const;

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
const SIZE = /^(\d+(?:\.\d+)?) ?([kKMGT]?i?B)$/;

const bytesOf = (text: string): number => {
  const [, count = '', unit = ''] = SIZE.exec(text) ?? [];
  return Math.floor(Number(count) * (UNITS[unit] ?? Number.NaN));
};

const isByteCount = (bytes: number): boolean => Number.isSafeInteger(bytes) && bytes >= 1;

/** Bytes: a number, or text with a unit, `10MiB`. As a value it is the number of bytes. */
export const size = (example: string) =>
  ({
    text: 'number',
    schema: z.union([
      z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
      z
        .string()
        .regex(SIZE)
        .refine((text) => isByteCount(bytesOf(text)), { error: 'is no size that a file can have' })
        .transform(bytesOf),
    ]),
    expects: 'a number of bytes, nor a size such as 10MiB',
    example,
    placeholder: 'SIZE',
  }) as const;

const MAX_SECONDS = Math.floor(MAX_DURATION_MS / 1000);
const MIN_SECONDS = 0.001;

/** Seconds, maybe a fraction; a millisecond at least unless `orNone`. */
export const seconds = (example: number, { orNone = false } = {}) =>
  ({
    text: 'number',
    schema: z
      .number()
      .min(orNone ? 0 : MIN_SECONDS)
      .max(MAX_SECONDS),
    expects: `a number of seconds from ${orNone ? 0 : MIN_SECONDS} to ${MAX_SECONDS}`,
    example: String(example),
    placeholder: 'N',
  }) as const;

export const flag = (example: boolean) =>
  ({ text: 'flag', schema: z.boolean(), expects: 'true or false', example: String(example) }) as const;

export const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  placeholder: string,
) =>
  ({
    text: 'text',
    schema: z.enum(values),
    expects: `one of ${values.join(', ')}`,
    example: values[0],
    placeholder,
  }) as const;

export const path = (example: string, placeholder: 'DIR' | 'FILE' = 'DIR') =>
  ({ text: 'text', schema: pathText, expects: 'a path', example, placeholder }) as const;

export const globs = (example: string) =>
  ({
    text: 'list',
    schema: listOf(globText),
    expects: 'a glob',
    example,
    placeholder: 'GLOB',
  }) as const;
