import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unmount } from '../support/mounts.ts';
import { type Exit, type LogRecord, Program, runProgram } from '../support/program.ts';

export type Line = { path: string; sha256: string; source: string; id: number; size: number };

/** One run of the real program in a temporary folder, and a narrator. */
export class Stage implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'wharfinger-simulate-'));
  readonly input = this.#directory('staging');
  readonly warehouse = this.#directory('warehouse');
  readonly manifests = this.#directory('manifests');
  readonly #say: (line: string) => void;
  #program: Program | undefined;
  readonly #undo: (() => void)[] = [];
  #loadsTold = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the program does not run');
    return this.#program;
  }

  #directory(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path);
    return path;
  }

  get directories(): string[] {
    const { input, warehouse, manifests, root } = this;
    return [
      '--input',
      input,
      '--warehouse',
      warehouse,
      '--manifests',
      manifests,
      '--state-path',
      join(root, 'state.db'),
    ];
  }

  async start(options: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    await this.#run([...this.directories, ...options], env);
  }

  /** The same by a config file that says all. */
  async startWith(config: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
    await this.#run(['--config', config], env);
  }

  async #run(options: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
    this.#program = new Program(['start', ...options], env);
    await this.#program.waitFor('worker.started');
    await this.#program.waitFor('discoverer.started');
  }

  /** Ends the program by the first signal. */
  async stop(): Promise<Exit> {
    this.program.child.kill('SIGTERM');
    const exit = await this.program.exited;
    this.#program = undefined;
    return exit;
  }

  /** Kills every process of the program at once. */
  async kill(): Promise<void> {
    this.program.killAll();
    await this.program.exited;
    this.#program = undefined;
  }

  async ingested(name: string): Promise<LogRecord> {
    return await this.program.waitFor(
      (record) => record.event === 'file.ingested' && record.source === join(this.input, name),
    );
  }

  /** Until so many files in all have been loaded into tables, or found there; tells of each task. */
  async loaded(files: number): Promise<void> {
    const loads = (): LogRecord[] => this.program.log.filter(({ event }) => event === 'load.loaded');
    await this.program.waitFor(() => loads().reduce((sum, record) => sum + Number(record.files), 0) >= files);
    for (const { task, files, rows, rejects } of loads().slice(this.#loadsTold))
      this.say(`task ${task}: ${files} files, ${rows} rows loaded, ${rejects} rejected`);
    this.#loadsTold = loads().length;
  }

  async verify(): Promise<Exit> {
    return await runProgram(['verify', '--deep', '--state-path', join(this.root, 'state.db')]);
  }

  manifest(): Line[] {
    return readdirSync(this.manifests, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.jsonl'))
      .flatMap((path) => readFileSync(join(this.manifests, path), 'utf8').split('\n').filter(Boolean))
      .map((line) => JSON.parse(line));
  }

  /** The manifest lines of one source, and whether the file they name has that content. */
  linesOf(name: string): Line[] {
    return this.manifest().filter(({ source }) => source === join(this.input, name));
  }

  isTrue({ path, sha256 }: Line): boolean {
    return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === sha256;
  }

  short(path: unknown): string {
    return String(path).replace(`${this.root}/`, '');
  }

  /** Puts the warehouse behind a bind mount until the scene is over. */
  bindWarehouse(): void {
    const elsewhere = this.#directory('elsewhere');
    execFileSync('mount', ['--bind', elsewhere, this.warehouse]);
    this.#undo.push(() => unmount(this.warehouse));
  }

  say(line: string): void {
    this.#say(`    ${line}`);
  }

  async pause(ms: number): Promise<void> {
    await delay(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    for (const undo of this.#undo) undo();
    rmSync(this.root, { recursive: true, force: true });
  }
}
