import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/wharfinger.js', import.meta.url));

/** The directories of one installation, all below `root`. */
export const placesIn = (root: string) => ({
  input: join(root, 'input'),
  warehouse: join(root, 'warehouse'),
  manifests: join(root, 'manifests'),
  statePath: join(root, 'state', 'wharfinger.db'),
});
export type Places = ReturnType<typeof placesIn>;

export const startArguments = (places: Places, more: readonly string[]): string[] => [
  'start',
  ...['--input', places.input, '--warehouse', places.warehouse],
  ...['--manifests', places.manifests, '--state-path', places.statePath, '--log-format', 'json'],
  ...more,
];

export type LogRecord = { event?: string; time?: string; [field: string]: unknown };

/** The real program, forked, in a process group of its own, with its log as it comes. */
export class Program implements AsyncDisposable {
  static readonly #running = new Set<Program>();
  readonly child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #listeners = new Set<(record: LogRecord) => void>();
  #lastLines: string[] = [];

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [BIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const { stderr } = this.child;
    if (stderr === null) throw new Error('no pipe');
    createInterface({ input: stderr }).on('line', (line) => this.#take(line));
    this.#exited = once(this.child, 'close').then(([code]) => code);
    Program.#running.add(this);
    void this.#exited.then(() => Program.#running.delete(this));
  }

  get group(): number {
    return this.child.pid ?? 0;
  }

  /** Its exit code. @throws where it is not 0: a run that failed measures nothing */
  async finished(): Promise<void> {
    const code = await this.#exited;
    if (code !== 0) throw new Error(`the program ended with ${code}:\n${this.#lastLines.join('\n')}`);
  }

  onRecord(listener: (record: LogRecord) => void): void {
    this.#listeners.add(listener);
  }

  /** The next record with that event, the `count`th from now. */
  async next(event: string, count = 1): Promise<LogRecord> {
    return await new Promise((resolve, reject) => {
      let seen = 0;
      const listener = (record: LogRecord): void => {
        if (record.event !== event || ++seen < count) return;
        this.#listeners.delete(listener);
        resolve(record);
      };
      this.#listeners.add(listener);
      void this.#exited.then((code) =>
        reject(new Error(`it ended with ${code}:\n${this.#lastLines.join('\n')}`)),
      );
    });
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.finished();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#exited;
  }

  /** Ends all that run: for a benchmark that is interrupted. */
  static killAll(): void {
    for (const program of Program.#running) program.#kill();
  }

  #kill(): void {
    try {
      process.kill(-this.group, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }

  #take(line: string): void {
    this.#lastLines = [...this.#lastLines.slice(-9), line];
    if (!line.startsWith('{')) return;
    const record: LogRecord = JSON.parse(line);
    for (const listener of this.#listeners) listener(record);
  }
}
