import { UsageError } from '../errors.ts';
import { type DeclaredSchema, typeNamed } from './declared-schema.ts';
import { type Layer, milliseconds, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import type { LoadSink } from './settings.ts';
import { targetOf } from './table-texts.ts';

export const TASK_BYTES = 10 * 1024 * 1024;
const TASK_WAIT_SECONDS = 60;
const MAX_REJECTS = 1000;

/**
 * What is loaded into which table, as the layers say. Target and table must be said by one of them.
 *
 * @param place of the sink in its file; '' on a command line
 * @throws UsageError where what they say does not go together
 */
export function loadingOf(
  layers: readonly Layer[],
  schema: DeclaredSchema | undefined,
  place: string,
): Omit<LoadSink, 'type' | 'name'> {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const [into, table] = [get('into'), get('table')];
  if (into === undefined || table === undefined)
    throw new Error('a sink without target or table passed the validator');
  const target = targetOf(into);
  const declared = declaredOf(schema ?? {});
  refuseWrongTogether({ target, table, declared }, place);
  return {
    target,
    table,
    taskBytes: get('task_bytes') ?? TASK_BYTES,
    taskWaitMs: milliseconds(get('task_wait_seconds') ?? TASK_WAIT_SECONDS),
    declared,
    onColumns: get('on_columns') ?? 'fail',
    maxRejects: get('max_rejects') ?? MAX_REJECTS,
    lineage: get('lineage') ?? false,
  };
}

function declaredOf(schema: DeclaredSchema): LoadSink['declared'] {
  const { columns, delimiter, quote } = schema;
  return {
    columns:
      columns === undefined
        ? undefined
        : Object.entries(columns).map(([name, type]) => ({
            name: name.trim(),
            type: typeNamed(type) ?? type,
          })),
    nulls: schema.null ?? [''],
    delimiter,
    quote,
    header: schema.header ?? true,
    encoding: schema.encoding ?? 'utf-8',
    key: schema.key ?? [],
  };
}

function refuseWrongTogether(
  { target, table, declared }: Pick<LoadSink, 'target' | 'table' | 'declared'>,
  place: string,
): void {
  const refuse = (what: string, hint: string): never => {
    throw new UsageError(place === '' ? what : `${place}: ${what}`, {
      code: 'config.invalid',
      subject: place === '' ? table : place,
      hint,
    });
  };
  const { key, columns, header } = declared;
  if (target.is !== 'postgres' && table.includes('.'))
    refuse(
      `${JSON.stringify(table)} names a schema, which only PostgreSQL has`,
      'leave what is before the dot out',
    );
  if (target.is === 'parquet' && key.length > 0)
    refuse(
      'a directory of Parquet files cannot keep a key unique',
      'leave key out, or load into DuckDB or PostgreSQL',
    );
  const names = columns?.map(({ name }) => name.toLowerCase());
  const unknown = names === undefined ? undefined : key.find((name) => !names.includes(name.toLowerCase()));
  if (unknown !== undefined)
    refuse(
      `the key has a column ${JSON.stringify(unknown)} that is not among the columns`,
      'add it to columns',
    );
  if (!header && columns === undefined && key.length > 0)
    refuse('without a header a key needs columns', 'name them in columns, in the order of the files');
}
