import { UsageError } from '../errors.ts';
import { type DeclaredSchema, declaredSchema } from './declared-schema.ts';
import { dig } from './dig.ts';
import { nearest, show } from './words.ts';
import { readYamlFile } from './yaml-file.ts';

const KEYS = Object.keys(declaredSchema.shape);
const EXAMPLE = 'for example columns: {id: BIGINT, income: DOUBLE}';

/**
 * Reads what a file says of the files that are loaded: the same as `schema` of a sink. `shown` is its name as the person wrote it.
 *
 * @throws UsageError with file and line of the first thing that is wrong; EnvironmentError where it cannot be read
 */
export function readSchemaFile(path: string, shown: string): DeclaredSchema {
  const file = readYamlFile(path, shown, 'schema file', '--schema-file');
  const value = file.value ?? {};
  const result = declaredSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw new Error('zod refused without an issue');
  const refuse = (at: readonly PropertyKey[], what: string, hint: string): never => {
    const place = file.place(at);
    throw new UsageError(`${place}: ${what}`, { code: 'config.invalid', subject: place, hint });
  };
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const meant = nearest(key, KEYS);
    const hint = meant === undefined ? `it takes ${KEYS.join(', ')}` : `did you mean ${meant}?`;
    return refuse([...issue.path, key], `${JSON.stringify(key)} is no key of a schema`, hint);
  }
  const says = issue.code === 'custom' || issue.code === 'invalid_format';
  const what = says ? issue.message : 'is not what belongs here';
  const name = issue.path.join('.');
  const found = show(dig(value, issue.path));
  return refuse(issue.path, `${name === '' ? 'the schema' : name}: ${found}: ${what}`, EXAMPLE);
}
