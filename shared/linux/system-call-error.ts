import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';
import { type BytePath, toText } from '../fs/byte-path.ts';

/**
 * What node:fs throws where one of its calls fails, for a call that it does not have: `code` is the errno
 * name, `errno` is negative, and `path` and `dest` are text for people.
 */
export function systemCallError(
  errno: number,
  syscall: string,
  path?: BytePath,
  dest?: BytePath,
): NodeJS.ErrnoException {
  const code = NAMES.get(errno) ?? `E${errno}`;
  const names = [path, dest].filter((name) => name !== undefined).map(toText);
  const subject = names.length === 0 ? '' : ` ${names.map((name) => `'${name}'`).join(' -> ')}`;
  const error: NodeJS.ErrnoException = new Error(
    `${code}: ${getSystemErrorMessage(-errno)}, ${syscall}${subject}`,
  );
  return Object.assign(error, {
    errno: -errno,
    code,
    syscall,
    ...(names[0] === undefined ? {} : { path: names[0] }),
    ...(names[1] === undefined ? {} : { dest: names[1] }),
  });
}

/** By number; where two names share one, the one that Node uses. */
const NAMES = new Map(
  [...Object.entries(koffi.os.errno), ...Object.entries(constants.errno).toReversed()].map(
    ([name, errno]) => [errno, name],
  ),
);
