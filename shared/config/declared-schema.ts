import { z } from 'zod';
import { ENCODINGS } from '../tables/contract.ts';

/** What people call types, as DuckDB calls them. */
const SAME: Readonly<Record<string, string>> = {
  INT: 'INTEGER',
  INT4: 'INTEGER',
  INT8: 'BIGINT',
  LONG: 'BIGINT',
  INT2: 'SMALLINT',
  REAL: 'FLOAT',
  FLOAT4: 'FLOAT',
  FLOAT8: 'DOUBLE',
  'DOUBLE PRECISION': 'DOUBLE',
  STRING: 'VARCHAR',
  TEXT: 'VARCHAR',
  CHAR: 'VARCHAR',
  BOOL: 'BOOLEAN',
  DATETIME: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
  NUMERIC: 'DECIMAL(18,3)',
  DECIMAL: 'DECIMAL(18,3)',
};
const TYPES = [
  ...['BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'HUGEINT', 'UBIGINT', 'UINTEGER', 'USMALLINT', 'UTINYINT'],
  ...[
    'DOUBLE',
    'FLOAT',
    'VARCHAR',
    'BOOLEAN',
    'DATE',
    'TIME',
    'TIMESTAMP',
    'TIMESTAMP WITH TIME ZONE',
    'UUID',
  ],
] as const;
const DECIMAL = /^(?:DECIMAL|NUMERIC)\s*\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/;

/** A type as DuckDB writes it; undefined where there is none of that name that a cell can be. */
export function typeNamed(text: string): string | undefined {
  const name = text.trim().replace(/\s+/g, ' ').toUpperCase();
  const [, width, scale] = DECIMAL.exec(name) ?? [];
  if (width !== undefined && scale !== undefined)
    return Number(width) <= 38 && Number(width) >= 1 && Number(scale) <= Number(width)
      ? `DECIMAL(${Number(width)},${Number(scale)})`
      : undefined;
  const type = SAME[name] ?? name;
  return TYPES.some((known) => known === type) || type === SAME.DECIMAL ? type : undefined;
}

const ascii = z
  .string()
  .regex(/^[\t\x20-\x7e]$/, { error: 'is not one character of ASCII; for a tab write "\\t"' })
  .refine((text) => !/[A-Za-z0-9]/.test(text), { error: 'is a letter or a digit' });

const typeText = z.string().superRefine((text, context) => {
  if (typeNamed(text) === undefined) {
    const message = `${JSON.stringify(text)} is no type of a column; some are BIGINT, DOUBLE, DECIMAL(18,2), VARCHAR, BOOLEAN, DATE, TIMESTAMP`;
    context.addIssue({ code: 'custom', message });
  }
});

/** What a sink says of the files that are loaded; what it does not say is taken from the first of them. */
export const declaredSchema = z
  .strictObject({
    columns: z
      .record(z.string().min(1), typeText)
      .refine((columns) => Object.keys(columns).length > 0, { error: 'there is no column' })
      .refine((columns) => !hasTwins(Object.keys(columns)), { error: 'two columns differ only by case' })
      .optional()
      .describe('columns and their types; a file may have them in any order'),
    null: z.array(z.string()).optional().describe('cells that mean NULL (default: the empty one)'),
    delimiter: ascii.optional().describe('what separates cells (default: as in the first file)'),
    quote: ascii.optional().describe('what cells are quoted with (default: ")'),
    header: z.boolean().optional().describe('whether the first row names the columns (default: yes)'),
    encoding: z.enum(ENCODINGS).optional().describe('of the text (default: utf-8)'),
    key: z
      .array(z.string().min(1))
      .optional()
      .describe('columns whose values together are unique in the table; a row that comes again is rejected'),
  })
  .refine(({ delimiter, quote }) => delimiter === undefined || delimiter !== quote, {
    error: 'delimiter and quote are the same',
  });
export type DeclaredSchema = z.infer<typeof declaredSchema>;

const hasTwins = (names: readonly string[]): boolean =>
  new Set(names.map((name) => name.trim().toLowerCase())).size < names.length;
