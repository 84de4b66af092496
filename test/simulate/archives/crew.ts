import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

/** The path of a file whose `close()` has resolved. */
export type Acknowledged = { path: string };

/** A process that writes into archives, with what was acknowledged to it. */
export class Writer implements AsyncDisposable {
  readonly name: string;
  readonly acknowledged: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(base: string, name: string, files: number) {
    this.name = name;
    this.#child = fork(WRITER, [base, name, String(files)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', ({ path }: Acknowledged) => this.acknowledged.push(path));
    // After the last message, and not only after the process.
    this.#exited = once(this.#child, 'close');
  }

  /** @throws where it failed */
  async finished(): Promise<void> {
    await this.#exited;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0) throw new Error(`${this.name} ended with ${signalCode ?? exitCode}`);
  }

  /** Until it was told of so many files. */
  async acknowledgedFiles(count: number): Promise<void> {
    while (this.acknowledged.length < count) await once(this.#child, 'message');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
