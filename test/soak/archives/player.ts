import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { signal } from '../process-group.ts';
import { type Host, innerPidOf } from './host.ts';

export type Role = 'writer' | 'scavenger' | 'reader';

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** One process that plays, on one host. */
export class Player {
  readonly role: Role;
  readonly host: Host;
  readonly name: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #isFrozen = false;

  constructor(role: Role, name: string, host: Host, child: ChildProcess, onLine: (line: string) => void) {
    this.role = role;
    this.name = name;
    this.host = host;
    this.#child = child;
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    const text = { stdout: '', stderr: '' };
    createInterface({ input: stdout }).on('line', (line) => {
      text.stdout += `${line}\n`;
      onLine(line);
    });
    stderr.setEncoding('utf8').on('data', (piece: string) => {
      text.stderr += piece;
    });
    this.ended = Promise.all([once(child, 'exit'), once(child, 'close')]).then(([[code, name]]) => ({
      code,
      signal: name,
      ...text,
    }));
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Its number on its own host; undefined where it is gone, or not there yet. */
  get pid(): number | undefined {
    const pid = this.host.pidOf(this.#child);
    return pid === undefined ? undefined : innerPidOf(pid);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#signal('SIGCONT');
  }

  /** Asks it to stop; one that has not begun yet is killed. */
  stop(): void {
    const pid = this.host.pidOf(this.#child);
    if (pid === undefined) this.kill();
    else signal(pid, 'SIGTERM');
  }

  /** To whatever stands between us and the program as well. */
  #signal(name: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) signal(-pid, name);
  }
}
