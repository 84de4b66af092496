import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { signal } from '../process-group.ts';
import type { Host } from './host.ts';
import type { Noted } from './journal.ts';

const MAIN = fileURLToPath(new URL('hand-main.ts', import.meta.url));

/** A process that has made deposits and keeps its staging archive open: see `hand-main.ts`. */
export class OpenHand implements AsyncDisposable {
  readonly noted: Noted[] = [];
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error('no pipe');
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when the members are acknowledged. */
  static async start(host: Host, base: string, ...members: readonly string[]): Promise<OpenHand> {
    const hand = new OpenHand(host.start(process.execPath, [MAIN, base, ...members], {}));
    await hand.acknowledged();
    return hand;
  }

  /** Begins another deposit. */
  deposit(member: string): void {
    this.#child.stdin?.write(`${member}\n`);
  }

  /** Waits for the next deposits to be acknowledged. @throws where it ends before */
  async acknowledged(): Promise<void> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the writer ended before its deposits were acknowledged');
    this.noted.push(...JSON.parse(value));
  }

  signal(name: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) signal(-this.#child.pid, name);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.signal('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
