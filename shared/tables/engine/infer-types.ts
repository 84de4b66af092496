import type { DuckDBConnection } from '@duckdb/node-api';
import type { PlainCsv, TableSchema } from '../contract.ts';
import { ruleOf } from './cell-rules.ts';
import { interruptible } from './interruptible.ts';
import { allowColumns } from './memory.ts';
import { cell, readCsv } from './read-csv.ts';
import { text } from './sql.ts';

type Reading = Pick<TableSchema, 'dialect' | 'header' | 'nulls'>;
type Formats = Pick<TableSchema, 'dateFormat' | 'timestampFormat'>;

export type Inferred = { types: string[] } & Formats;

/** A type that all cells of a column may have; the first that fits is taken. */
type Candidate = {
  type: string;
  format?: string;
  /** Whether a text may be one: it rules out most, so that the whole file is asked for few. */
  looks: RegExp;
  fits(cell: string): string;
  /** What at least one cell must be. */
  needs?: (cell: string) => string;
};

const ruled = (type: string): ((cell: string) => string) => {
  const rule = ruleOf(type, {});
  if (rule === undefined) throw new Error(`no rule for ${type}`);
  return rule.isValid;
};

/** The zeros of 007, of a post code or a telephone number mean something: they are no numbers. */
const WHOLE = '0|-?[1-9][0-9]*';

/**
 * 2E7 is as likely a code; a number that a program wrote so has a point or a sign in it. With an exponent that is neither too large nor too
 * small for a DOUBLE.
 */
const MANTISSA = '-?((0|[1-9][0-9]{0,14})([.][0-9]{0,20})?|[.][0-9]{1,20})';
const SMALL = '[eE]-(1[0-9]{2}|2[0-7][0-9])';
const REAL = `${MANTISSA}([eE][-+][0-9]{1,2}|${SMALL})?|-?[0-9][.][0-9]{0,20}[eE][0-9]{1,2}`;
const NO_NUMBER = '[-+]?[iI]nf(inity)?|[nN]a[nN]';

/** So many digits a DOUBLE always keeps. */
const KEPT_DIGITS = 15;

const matches = (cell: string, pattern: string): string =>
  `regexp_full_match(${cell}, '\\s*(${pattern})\\s*')`;

/** It comes back as it was written, but for zeros behind a point: prices are numbers. */
const isKept = (cell: string): string =>
  `(strlen(ltrim(regexp_replace(${cell}, '[eE].*|[^0-9]', '', 'g'), '0')) <= ${KEPT_DIGITS} OR TRY_CAST(${cell} AS DOUBLE)::VARCHAR = trim(${cell}))`;

const looksLike = (pattern: string): RegExp => new RegExp(`^\\s*(${pattern})\\s*$`);

const parsed = (type: string, format: string): Candidate => ({
  type,
  format,
  looks: /^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{4}/,
  fits: (cell) => `coalesce(year(TRY_STRPTIME(${cell}, ${text(format)})) >= 1000, false)`,
});

const DAYS = ['%d/%m/%Y', '%m/%d/%Y', '%d.%m.%Y', '%d-%m-%Y', '%m-%d-%Y'] as const;
const CLOCK = '%H:%M:%S';

const ISO_DAY = /^\s*\d{4,6}[-/]\d{1,2}[-/]\d{1,2}/;

/** The order is that of preference. */
const CANDIDATES: readonly Candidate[] = [
  { type: 'BOOLEAN', looks: /^(true|false)$/i, fits: (cell) => `lower(${cell}) IN ('true', 'false')` },
  {
    type: 'BIGINT',
    looks: looksLike(WHOLE),
    fits: (cell) => `(${matches(cell, WHOLE)} AND TRY_CAST(${cell} AS BIGINT) IS NOT NULL)`,
  },
  {
    type: 'DOUBLE',
    looks: looksLike(`${REAL}|${NO_NUMBER}`),
    fits: (cell) => `(${matches(cell, `${REAL}|${NO_NUMBER}`)} AND ${isKept(cell)})`,
    needs: (cell) => `regexp_matches(${cell}, '[0-9]')`,
  },
  { type: 'DATE', looks: ISO_DAY, fits: ruled('DATE') },
  { type: 'TIMESTAMP', looks: ISO_DAY, fits: ruled('TIMESTAMP') },
  {
    type: 'TIMESTAMP WITH TIME ZONE',
    looks: ISO_DAY,
    fits: (cell) =>
      `(${ruled('TIMESTAMP WITH TIME ZONE')(cell)} AND regexp_matches(${cell}, ':[0-9.]+ ?(Z|[-+][0-9:]+)\\s*$'))`,
  },
  { type: 'TIME', looks: /^\s*\d{1,2}:\d/, fits: ruled('TIME') },
  ...DAYS.map((format) => parsed('DATE', format)),
  ...DAYS.map((format) => parsed('TIMESTAMP', `${format} ${CLOCK}`)),
];

/** What is looked at before: of so many rows the beginnings of the cells. */
const FIRST_ROWS = 64;
const FIRST_CHARACTERS = 64;

/**
 * The types of columns by all cells of a file: such that each of them can be read, and none loses anything by it. What no type fits, or
 * has no value at all, is VARCHAR. Dates that may be day and month either way round are VARCHAR too, and so are those of a second format:
 * a table has one. Rows that cannot be read do not count.
 *
 * Not by DuckDB's sniffer, which guesses between day and month, and goes by its own casts.
 *
 * @param indexes of the columns in question, from 0
 * @throws the signal's reason when aborted
 */
export async function inferTypes(
  connection: DuckDBConnection,
  csv: Pick<PlainCsv, 'readPath' | 'firstRecord'>,
  reading: Reading,
  indexes: readonly number[],
  signal?: AbortSignal,
): Promise<Inferred> {
  return interruptible(connection, signal, async () => inferNow(connection, csv, reading, indexes, signal));
}

async function inferNow(
  connection: DuckDBConnection,
  csv: Pick<PlainCsv, 'readPath' | 'firstRecord'>,
  reading: Reading,
  indexes: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Inferred> {
  await allowColumns(connection, csv.firstRecord.length);
  const types = csv.firstRecord.map(() => 'VARCHAR');
  const read = readCsv([csv.readPath], types, reading, {});
  const likely = await likelyOf(connection, read, indexes);
  return choose(indexes, await firstThatFit(connection, read, likely, signal));
}

async function likelyOf(
  connection: DuckDBConnection,
  read: string,
  indexes: readonly number[],
): Promise<Candidates> {
  const beginnings = indexes.map((index) => `left(${cell(index)}, ${FIRST_CHARACTERS})`);
  const result = await connection.runAndReadAll(
    `SELECT ${beginnings.join(', ')} FROM ${read} LIMIT ${FIRST_ROWS}`,
  );
  const columns = result.getColumns();
  const likely = indexes.map((index, nth): [number, Candidate[]] => {
    const cells = (columns[nth] ?? []).filter((value) => typeof value === 'string');
    return [index, CANDIDATES.filter(({ looks }) => cells.every((value) => looks.test(value)))];
  });
  return new Map(likely.filter(([, list]) => list.length > 0));
}

/** Candidates for columns, by their index. */
type Candidates = ReadonlyMap<number, Candidate[]>;

/** A query has so many at most: the time that DuckDB takes to plan it grows with their square. */
const MOST_QUESTIONS = 100;

/** Of the candidates those that fit each cell, and all of them where a column has no value: `empty` are these. */
async function thatFit(
  connection: DuckDBConnection,
  from: string,
  candidates: Candidates,
  signal: AbortSignal | undefined,
): Promise<{ fitting: Map<number, Candidate[]>; empty: Set<number> }> {
  const questions = [...candidates].flatMap(([index, list]) =>
    list.map((candidate) => ({ index, candidate })),
  );
  const fitting = new Map([...candidates.keys()].map((index): [number, Candidate[]] => [index, []]));
  const empty = new Set<number>();
  for (let first = 0; first < questions.length; first += MOST_QUESTIONS) {
    // What comes between two statements is not interrupted.
    signal?.throwIfAborted();
    const part = questions.slice(first, first + MOST_QUESTIONS);
    const answers = part.map(({ index, candidate }) => answerOf(cell(index), candidate));
    const result = await connection.runAndReadAll(`SELECT ${answers.join(', ')} FROM ${from}`);
    const row = result.getRows()[0] ?? [];
    part.forEach(({ index, candidate }, nth) => {
      if (row[nth] === null) empty.add(index);
      if (row[nth] !== false) fitting.get(index)?.push(candidate);
    });
  }
  return { fitting, empty };
}

/** NULL where no cell has a value. */
function answerOf(name: string, { fits, needs }: Candidate): string {
  const fitsAll = `bool_and(${fits(name)}) FILTER (${name} IS NOT NULL)`;
  return needs === undefined ? fitsAll : `(${fitsAll} AND bool_or(${needs(name)}))`;
}

/** Goes down the lists: one question for each column is mostly enough. */
async function firstThatFit(
  connection: DuckDBConnection,
  read: string,
  candidates: Candidates,
  signal: AbortSignal | undefined,
): Promise<Candidates> {
  const found = new Map<number, Candidate[]>();
  let left = candidates;
  while (left.size > 0) {
    const asked = new Map([...left].map(([index, list]) => [index, questionsOf(list)]));
    const { fitting, empty } = await thatFit(connection, read, asked, signal);
    const rest = new Map<number, Candidate[]>();
    for (const [index, list] of left) {
      const fits = fitting.get(index) ?? [];
      const others = list.slice(asked.get(index)?.length ?? 1);
      if (empty.has(index)) continue;
      if (fits.length > 0) found.set(index, fits);
      else if (others.length > 0) rest.set(index, others);
    }
    left = rest;
  }
  return found;
}

/** Formats are asked for at once, since a date counts only where one of them fits. */
const questionsOf = (list: readonly Candidate[]): Candidate[] =>
  list[0]?.format === undefined ? list.slice(0, 1) : [...list];

function choose(indexes: readonly number[], fits: Candidates): Inferred {
  const chosen: Inferred = { types: [] };
  for (const index of indexes) {
    const list = fits.get(index) ?? [];
    chosen.types.push(typeOf(list, chosen));
  }
  return chosen;
}

/** Sets the format where there is none yet. */
function typeOf(fitting: readonly Candidate[], chosen: Formats): string {
  const [first, second] = fitting;
  if (first === undefined) return 'VARCHAR';
  if (first.format === undefined) return first.type;
  const key = first.type === 'DATE' ? 'dateFormat' : 'timestampFormat';
  const isSureOf = second === undefined && (chosen[key] ?? first.format) === first.format;
  if (!isSureOf) return 'VARCHAR';
  chosen[key] = first.format;
  return first.type;
}
