import { readFileSync } from 'node:fs';

/**
 * How many files a process may have open: what holds now, and up to what it may raise that itself, as Node does when it starts.
 *
 * @returns Infinity where there is no limit, or where /proc does not tell
 * @see proc_pid_limits(5)
 */
export function openFilesLimit(): { soft: number; hard: number } {
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits()) ?? [];
  return { soft: numberOf(soft), hard: numberOf(hard) };
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}

const numberOf = (text: string | undefined): number =>
  text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
