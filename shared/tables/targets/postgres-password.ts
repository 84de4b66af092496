import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TargetError } from '../errors.ts';
import type { PostgresPlace } from './postgres-url.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Others can read it: libpq does not use such a file either. */
const OTHERS = 0o077;

/**
 * The password of a database as libpq finds it: PGPASSWORD, else the first line that fits of PGPASSFILE or `~/.pgpass`. Read anew for each
 * connection, so that a new one is taken up.
 *
 * @throws TargetError, code `load.no-password`, where there is none
 */
export function findPassword(place: PostgresPlace, env: Env, home: string | undefined): string {
  const given = env.PGPASSWORD ?? '';
  if (given !== '') return given;
  const file = env.PGPASSFILE ?? (home === undefined ? undefined : join(home, '.pgpass'));
  const found = file === undefined ? undefined : passwordIn(file, place);
  if (found !== undefined) return found;
  throw new TargetError('refused', `the server asks for a password and none is known (${place.text})`, {
    code: 'load.no-password',
    subject: place.text,
    hint: 'set PGPASSWORD, or write host:port:database:user:password into ~/.pgpass with mode 0600',
  });
}

function passwordIn(file: string, place: PostgresPlace): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return undefined;
  if ((found.mode & OTHERS) !== 0)
    throw new TargetError('refused', `${file} can be read by others, and is not used`, {
      code: 'load.password-file',
      subject: file,
      hint: `chmod 600 ${file}`,
    });
  // A socket in a directory counts as localhost.
  const host = place.host.startsWith('/') ? 'localhost' : place.host;
  const wanted = [host, `${place.port}`, place.database, place.user];
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    if (fields.length === 5 && wanted.every((value, at) => fields[at] === '*' || fields[at] === value))
      return fields[4];
  }
  return undefined;
}

/** Five fields between colons; a backslash takes away what a colon or a backslash means. The password is all of the rest. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === ':' && fields.length < 4) {
      fields.push(field);
      field = '';
      continue;
    }
    if (line[at] === '\\' && at + 1 < line.length) at += 1;
    field += line[at];
  }
  return [...fields, field];
}
