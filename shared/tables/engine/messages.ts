import type { TargetTrouble } from '../errors.ts';

/** What a message of DuckDB tells about its target. */
export type Told = { trouble: TargetTrouble; code: string; says: string; hint?: string };

type Rule = { message: RegExp; told: (match: RegExpExecArray) => Told };

/**
 * The errors of DuckDB 1.5 reach Node as plain ones: no class, no code, no errno, nothing but this text. So this is the one place that
 * goes by it; its test has a message of each sort from the real thing. What is not known here stays the error it was.
 */
const RULES: readonly Rule[] = [
  {
    message: /^IO Error: Could not set lock on file .*?(?:\(PID (\d+)\)|$)/s,
    told: ([, pid]) => ({
      trouble: 'busy',
      code: 'load.target-busy',
      says: pid === undefined ? 'another process has it open' : `process ${pid} has it open`,
      hint: 'DuckDB lets one process write to a file, or several read it: close it there',
    }),
  },
  {
    message: /^IO Error: .*is not a valid DuckDB database file/s,
    told: () => ({
      trouble: 'refused',
      code: 'load.target-no-database',
      says: 'it is no DuckDB database',
      hint: 'name another file, or move this one away',
    }),
  },
  {
    message: /^IO Error: .*(?:version number|newer (?:version|DuckDB)|storage version)/is,
    told: () => ({
      trouble: 'refused',
      code: 'load.target-version',
      says: 'another version of DuckDB made it, which this one cannot read',
      hint: 'export it there with EXPORT DATABASE, and import it into a new file',
    }),
  },
  {
    message: /^IO Error: Corrupt database file|^Serialization Error|^FATAL Error: .*corrupt/is,
    told: () => ({
      trouble: 'refused',
      code: 'load.target-corrupt',
      says: 'it is damaged',
      hint: 'restore it from a backup, or move it away',
    }),
  },
  {
    message: /: (No such file or directory|Permission denied|Not a directory|Is a directory)/,
    told: ([, why = '']) => ({
      trouble: 'refused',
      code: 'load.target-path',
      says: why.toLowerCase(),
      hint: 'its directory must be there, and this user must be allowed to write to it',
    }),
  },
  {
    message: /: Read-only file system/,
    told: () => ({
      trouble: 'away',
      code: 'load.target-read-only',
      says: 'its file system is read-only',
      hint: 'mount it so that it can be written to; the task goes on by itself',
    }),
  },
  {
    message:
      /: (No space left on device|Disk quota exceeded)|max_temp_directory_size|(?:^|: )Out of Memory Error: .*(?:temp_directory|offload)/is,
    told: () => ({
      trouble: 'away',
      code: 'load.target-full',
      says: 'there is no space left',
      hint: 'make room on the disk of the target, and on that of the scratch directory',
    }),
  },
  {
    message: /^Out of Memory Error/,
    told: () => ({
      trouble: 'away',
      code: 'load.target-memory',
      says: 'DuckDB ran out of the memory that it may use',
    }),
  },
  {
    message: /: (Input\/output error|Stale file handle|Transport endpoint is not connected)/,
    told: ([, why = '']) => ({ trouble: 'away', code: 'load.target-io', says: why.toLowerCase() }),
  },
];

/** Undefined where the message is none of these. */
export function toldBy(message: string): Told | undefined {
  for (const rule of RULES) {
    const match = rule.message.exec(message);
    if (match !== null) return rule.told(match);
  }
  return undefined;
}
