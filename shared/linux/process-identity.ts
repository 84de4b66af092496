import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../errors.ts';

/** Names one process for ever: its number is used again, but never in the same boot with the same start. */
export type ProcessIdentity = {
  /**
   * The host's name and the process number's name space: containers of one host count their processes apart.
   */
  host: string;
  /** Another at each boot of the machine. */
  boot: string;
  pid: number;
  /** Clock ticks from boot to the start of the process, as the kernel writes them. */
  pidStart: string;
};

/** @throws where /proc is not mounted */
export function thisProcess(): ProcessIdentity {
  const name = `/proc/${process.pid}/stat`;
  return {
    host: `${hostname()}:${readlinkSync('/proc/self/ns/pid')}`,
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pid: process.pid,
    pidStart: parseStat(readFileSync(name, 'latin1')).start,
  };
}

/**
 * Whether the process is provably gone. A process of another host or container, and one that /proc hides from
 * us, is never: there only time tells.
 */
export function isDead(identity: ProcessIdentity, here: ProcessIdentity): boolean {
  if (identity.host !== here.host) return false;
  if (identity.boot !== here.boot) return true;
  if (!isThere(identity.pid)) return true;
  const stat = statOf(identity.pid);
  if (stat === undefined) return false;
  // A zombie is dead, only not yet buried by its parent.
  return stat.start !== identity.pidStart || stat.state === 'Z' || stat.state === 'X';
}

/** Asks the kernel itself, since /proc may hide the processes of others (hidepid). */
function isThere(pid: number): boolean {
  // kill takes these for whole groups.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

function statOf(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // Hidden, or gone this moment.
    return undefined;
  }
}

type Stat = { state: string; start: string };

/**
 * From a `/proc/<pid>/stat`. The second field, the name in parentheses, may hold anything, also parentheses
 * and spaces.
 */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined) throw new Error(`not the stat of a process: ${text}`);
  return { state, start };
}
