import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { signal } from '../process-group.ts';

/** A machine that processes run on. */
export class Host implements AsyncDisposable {
  /** Undefined for this one. */
  readonly name: string | undefined;
  readonly #anchor: ChildProcess | undefined;
  readonly #anchorPid: number | undefined;

  private constructor(name?: string, anchor?: ChildProcess, anchorPid?: number) {
    this.name = name;
    this.#anchor = anchor;
    this.#anchorPid = anchorPid;
  }

  static here(): Host {
    return new Host();
  }

  /**
   * One with a name, process numbers and a /proc of its own: what its processes are doing cannot be known from outside, nor the other
   * way round. Mounts that are made or removed later are not seen on it.
   *
   * @param directory that its processes work in. The disks that it lies on stay; one of others would linger here when they unmount it
   */
  static async other(name: string, directory: string): Promise<Host> {
    const anchor = spawn(
      'unshare',
      [...SPACES, '--fork', '--kill-child', '--mount-proc', 'sh', '-c', SCRIPT, name, directory],
      { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
    );
    const [first] = await Promise.race([once(anchor.stdout, 'data'), once(anchor, 'exit')]);
    const [inner] = childrenOf(anchor.pid ?? 0);
    if (!Buffer.isBuffer(first) || inner === undefined) throw new Error(`cannot make the host ${name}`);
    return new Host(name, anchor, inner);
  }

  /** Starts a program, in a process group of its own. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const wrapper =
      this.#anchorPid === undefined
        ? []
        : ['nsenter', '--target', `${this.#anchorPid}`, '--mount', '--uts', '--pid', '--'];
    const [program = '', ...rest] = [...wrapper, command, ...args];
    return spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
  }

  /** The program itself, of what `start` returned: undefined while it is not there. */
  pidOf(child: ChildProcess): number | undefined {
    return this.name === undefined ? child.pid : childrenOf(child.pid ?? 0)[0];
  }

  /** When this resolves all its processes are gone, and with them what they had mounted or open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#anchor?.pid === undefined || this.#anchorPid === undefined) return;
    signal(-this.#anchor.pid, 'SIGKILL');
    // The first process of a name space ends after all others.
    while (isAlive(this.#anchorPid)) await delay(POLL_MS);
  }
}

const POLL_MS = 5;

const SCRIPT = `
hostname "$0" &&
awk '$1 ~ "^/dev/loop" && index(directory "/", $2 "/") != 1 { print $2 }' directory="$1" /proc/self/mounts |
  while read -r other; do umount -l "$other"; done &&
echo ready &&
exec sleep infinity`;

const SPACES = ['--mount', '--uts', '--pid'];

/** Why there can be no other hosts, or undefined where there can. For `skip`. */
export function cannotHaveHosts(): string | undefined {
  try {
    execFileSync('unshare', [...SPACES, '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this machine does not let us make name spaces for other hosts';
  }
}

/** What a process is called by those of its own host. */
export function innerPidOf(pid: number): number | undefined {
  try {
    const [, numbers = ''] = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(numbers.trim().split(/\s+/).at(-1));
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

const isAlive = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)[0]);

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(statOf(pid)[1]) === parent);

/** State, parent, and so on; empty for one that has ended. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
