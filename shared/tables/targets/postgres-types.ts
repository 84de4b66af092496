/**
 * The type of PostgreSQL that holds every value of a type of DuckDB as it is. What has none is text, so that nothing is lost.
 */
export function toPostgresType(duckType: string): string {
  const type = duckType.toUpperCase().trim();
  const decimal = DECIMAL.exec(type);
  if (decimal !== null) return `numeric(${decimal[1]},${decimal[2]})`;
  return TO_POSTGRES.get(type) ?? 'text';
}

/**
 * The type of DuckDB whose values a column of PostgreSQL takes. VARCHAR where there is none: the server then reads the text itself, if it
 * `keepsValues` of the type.
 *
 * @param type as `format_type` writes it; of a domain, that below it
 */
export function toDuckType(type: string): string {
  return exactType(type) ?? TO_DUCK.get(type.replace(/\(\d+\)/, '')) ?? 'VARCHAR';
}

/**
 * Whether the server stores a value of such a column as it is given, or refuses it. Of others it rounds digits or cuts the end away, without a
 * word: `timestamp(0)`, `numeric(5,-2)`, `money`, `name`. Those that are not known are others.
 */
export const keepsValues = (type: string): boolean =>
  exactType(type) !== undefined || KEEP_TEXT.has(type) || BITS.test(type) || maxLengthOf(type) !== undefined;

/** How many characters a text may have. The server refuses more, but for blanks at the end: those it cuts away. */
export function maxLengthOf(type: string): number | undefined {
  const limited = LIMITED.exec(type);
  return limited === null ? undefined : Number(limited[1]);
}

/** The type of DuckDB that has the same values, or some of them. */
function exactType(type: string): string | undefined {
  const numeric = NUMERIC.exec(type);
  if (numeric !== null) return decimalOf(Number(numeric[1]), Number(numeric[2] ?? 0));
  return TO_DUCK.get(type.replace(FULL_PRECISION, ''));
}

/** What DuckDB writes for PostgreSQL where its own text would not be read back as the same value. */
export const asPostgresReads = (column: string, duckType: string): string =>
  duckType.toUpperCase() === 'BLOB' ? `concat('\\x', hex(${column}))` : column;

/** Whether its text may hold anything: line ends, quotes, nothing at all, or what COPY takes for its end. */
export const isFreeText = (duckType: string): boolean =>
  !PLAIN_TEXT.has(duckType.toUpperCase().split('(')[0] ?? '');

const DECIMAL = /^(?:DECIMAL|NUMERIC)\((\d+), ?(\d+)\)$/;
const NUMERIC = /^numeric\((\d+)(?:,(-?\d+))?\)$/;

/** What DECIMAL of DuckDB can have at most. */
const MAX_DIGITS = 38;

/** Of microseconds, which is what there is without it. */
const FULL_PRECISION = '(6)';

/** Other lengths are refused. */
const BITS = /^bit( varying)?(\(\d+\))?$/;

const LIMITED = /^character varying\((\d+)\)$/;

function decimalOf(digits: number, scale: number): string | undefined {
  // What HUGEINT is made as.
  if (digits === MAX_DIGITS + 1 && scale === 0) return 'HUGEINT';
  return digits <= MAX_DIGITS && scale >= 0 && scale <= digits ? `DECIMAL(${digits},${scale})` : undefined;
}

/** As `format_type` writes them, so that one that is found can be compared. */

const TO_POSTGRES: ReadonlyMap<string, string> = new Map([
  ['BOOLEAN', 'boolean'],
  ['TINYINT', 'smallint'],
  ['UTINYINT', 'smallint'],
  ['SMALLINT', 'smallint'],
  ['USMALLINT', 'integer'],
  ['INTEGER', 'integer'],
  ['UINTEGER', 'bigint'],
  ['BIGINT', 'bigint'],
  ['UBIGINT', 'numeric(20,0)'],
  ['HUGEINT', 'numeric(39,0)'],
  ['UHUGEINT', 'numeric(39,0)'],
  ['BIGNUM', 'numeric'],
  ['DECIMAL', 'numeric(18,3)'],
  ['FLOAT', 'real'],
  ['DOUBLE', 'double precision'],
  ['VARCHAR', 'text'],
  ['BLOB', 'bytea'],
  ['DATE', 'date'],
  ['TIME', 'time without time zone'],
  ['TIME WITH TIME ZONE', 'time with time zone'],
  ['TIMESTAMP', 'timestamp without time zone'],
  ['TIMESTAMP_S', 'timestamp without time zone'],
  ['TIMESTAMP_MS', 'timestamp without time zone'],
  ['TIMESTAMP WITH TIME ZONE', 'timestamp with time zone'],
  ['INTERVAL', 'interval'],
  ['UUID', 'uuid'],
]);

const TO_DUCK: ReadonlyMap<string, string> = new Map([
  ['boolean', 'BOOLEAN'],
  ['smallint', 'SMALLINT'],
  ['integer', 'INTEGER'],
  ['bigint', 'BIGINT'],
  ['real', 'FLOAT'],
  ['double precision', 'DOUBLE'],
  ['text', 'VARCHAR'],
  ['bytea', 'BLOB'],
  ['date', 'DATE'],
  ['time without time zone', 'TIME'],
  ['time with time zone', 'TIME WITH TIME ZONE'],
  ['timestamp without time zone', 'TIMESTAMP'],
  ['timestamp with time zone', 'TIMESTAMP WITH TIME ZONE'],
  ['interval', 'INTERVAL'],
  ['uuid', 'UUID'],
]);

/** Types whose text DuckDB writes as it is in the file, and which the server keeps, or at least its value, or refuses. */
const KEEP_TEXT: ReadonlySet<string> = new Set([
  ...['text', 'citext', 'character varying', 'enum', 'json', 'xml', 'numeric'],
  ...['inet', 'cidr', 'macaddr', 'macaddr8'],
]);

/** Types whose text is never empty and has digits, letters and simple signs alone. */
const PLAIN_TEXT: ReadonlySet<string> = new Set([
  ...['BOOLEAN', 'TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT', 'UBIGINT'],
  ...['HUGEINT', 'UHUGEINT', 'DECIMAL', 'FLOAT', 'DOUBLE', 'BLOB', 'DATE', 'TIME', 'TIMESTAMP', 'UUID'],
  ...['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP WITH TIME ZONE', 'TIME WITH TIME ZONE'],
]);
