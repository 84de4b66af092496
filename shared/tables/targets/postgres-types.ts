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
 * The type of DuckDB whose values a column of PostgreSQL takes. VARCHAR where there is none, or none that is exact: the server then reads
 * the text itself.
 *
 * @param type as `format_type` writes it
 */
export function toDuckType(type: string): string {
  const numeric = NUMERIC.exec(type);
  if (numeric !== null) return decimalOf(Number(numeric[1]), Number(numeric[2] ?? 0));
  return TO_DUCK.get(type.replace(/\(\d+\)/, '')) ?? 'VARCHAR';
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

const decimalOf = (digits: number, scale: number) =>
  digits <= MAX_DIGITS && scale >= 0 && scale <= digits ? `DECIMAL(${digits},${scale})` : 'VARCHAR';

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
  ['TIME', 'time'],
  ['TIME WITH TIME ZONE', 'time with time zone'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP_S', 'timestamp'],
  ['TIMESTAMP_MS', 'timestamp'],
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
  ['timestamp without time zone', 'TIMESTAMP'],
  ['timestamp with time zone', 'TIMESTAMP WITH TIME ZONE'],
  ['uuid', 'UUID'],
]);

/** Types whose text is never empty and has digits, letters and simple signs alone. */
const PLAIN_TEXT: ReadonlySet<string> = new Set([
  ...['BOOLEAN', 'TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT', 'UBIGINT'],
  ...['HUGEINT', 'UHUGEINT', 'DECIMAL', 'FLOAT', 'DOUBLE', 'BLOB', 'DATE', 'TIME', 'TIMESTAMP', 'UUID'],
  ...['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP WITH TIME ZONE', 'TIME WITH TIME ZONE'],
]);
