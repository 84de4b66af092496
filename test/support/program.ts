import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/wharfinger.js', import.meta.url));

/** A line of the program's log. */
export type LogRecord = { event: string; [field: string]: unknown };

export type Exit = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** The real program in a process group of its own, with its log as it comes. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly log: LogRecord[] = [];
  readonly exited: Promise<Exit>;
  #stdout = '';
  #stderr = '';
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []) {
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, BIN, ...args];
    this.child = spawn(command, rest, {
      env: { ...process.env, WHARFINGER_LOG_FORMAT: 'json', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    const lines = createInterface({ input: stderr });
    lines.on('line', (line) => this.#take(line));
    this.exited = Promise.all([once(this.child, 'exit'), once(this.child, 'close')]).then(
      ([[code, signal]]) => ({
        code,
        signal,
        stdout: this.#stdout,
        stderr: this.#stderr,
      }),
    );
  }

  /** The first record for which `matches` holds, also one that came before. */
  async waitFor(matches: string | ((record: LogRecord) => boolean), timeoutMs = 30_000): Promise<LogRecord> {
    const test = typeof matches === 'string' ? (record: LogRecord) => record.event === matches : matches;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no such event within ${timeoutMs} ms:\n${this.#stderr}`))),
        timeoutMs,
      );
      const look = (): void => {
        const found = this.log.find(test);
        if (found !== undefined) finish(() => resolve(found));
        else if (this.child.exitCode !== null)
          finish(() => reject(new Error(`it exited before:\n${this.#stderr}`)));
      };
      const finish = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        end();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** The first signal, to the supervisor alone, also where it runs under a wrapper. */
  async stop(): Promise<Exit> {
    const { pid } = await this.waitFor('supervisor.started');
    process.kill(Number(pid), 'SIGTERM');
    return await this.exited;
  }

  /** All processes of the program at once. */
  killAll(signal: NodeJS.Signals = 'SIGKILL'): void {
    try {
      process.kill(-Number(this.child.pid), signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await this.exited;
  }

  #take(line: string): void {
    this.#stderr += `${line}\n`;
    if (line.startsWith('{')) this.log.push(JSON.parse(line));
    for (const look of this.#watchers) look();
  }
}

/** Runs the program to its end. */
export async function runProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
): Promise<Exit> {
  await using program = new Program(args, env, wrapper);
  return await program.exited;
}
