import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, Program } from '../support/program.ts';
import type { Harbour } from './harbour.ts';
import { groupsGone, type Member, membersOf, signal } from './process-group.ts';

const KEEP_MS = 100;
const GONE_MS = 60_000;

/** The supervisors that are to run: one that ended is started again. */
export class Crew implements AsyncDisposable {
  readonly #harbour: Harbour;
  readonly #programs = new Set<Program>();
  /** Groups that had a process when they were last looked at: children outlive their supervisor for a moment. */
  readonly #groups = new Set<number>();
  readonly #kept: Promise<void>;
  /** What no program should ever say or do. */
  readonly faults: string[] = [];
  #wanted = 0;
  #ended = false;
  #started = 0;

  constructor(harbour: Harbour) {
    this.#harbour = harbour;
    this.#kept = this.#keep();
  }

  get started(): number {
    return this.#started;
  }

  /** So many supervisors from now on. Those beyond it stop as asked. */
  want(count: number): void {
    this.#wanted = count;
    for (const program of [...this.#programs].slice(count)) this.stopOne(program);
  }

  get wanted(): number {
    return this.#wanted;
  }

  members(role?: Member['role']): Member[] {
    const all = membersOf(this.#groups);
    const living = new Set([...all.map(({ group }) => group), ...[...this.#programs].map(groupOf)]);
    for (const group of this.#groups) if (!living.has(group)) this.#groups.delete(group);
    return role === undefined ? all : all.filter((member) => member.role === role);
  }

  /** The first signal to every supervisor; those that are wanted are started again. */
  stopAll(): void {
    for (const program of this.#programs) this.stopOne(program);
  }

  stopOne(program: Program): void {
    program.child.kill('SIGTERM');
  }

  /** SIGKILL to every process there is. Resolves when they are gone. */
  async killAll(): Promise<void> {
    for (const group of this.#groups) signal(-group, 'SIGKILL');
    await this.#allGone();
  }

  /** Starts no more, stops all as asked. Resolves when they are gone. */
  async dismiss(): Promise<void> {
    this.want(0);
    this.#ended = true;
    await this.#kept;
    await this.#allGone();
  }

  /** One run of a command to its end. */
  async run(...args: readonly string[]): Promise<Exit> {
    const program = this.#launch(args);
    return await program.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wanted = 0;
    this.#ended = true;
    await this.killAll();
    await this.#kept;
    await this.killAll();
  }

  async #keep(): Promise<void> {
    while (!this.#ended) {
      while (this.#programs.size < this.#wanted) this.#supervise();
      await delay(KEEP_MS);
    }
  }

  #supervise(): void {
    const program = this.#launch(['start', '--config', this.#harbour.config]);
    this.#programs.add(program);
    program.exited.then(() => this.#programs.delete(program));
  }

  #launch(args: readonly string[]): Program {
    const number = ++this.#started;
    const program = new Program(args);
    this.#groups.add(groupOf(program));
    program.exited.then((exit) => this.#note(number, args, program, exit));
    return program;
  }

  /** Killed by us, stopped as asked, or unable to start because of the disk: nothing else is a way to end. */
  #note(number: number, args: readonly string[], program: Program, exit: Exit): void {
    writeFileSync(
      join(this.#harbour.logs, `${String(number).padStart(4, '0')}.log`),
      `${args.join(' ')}\n${exit.stderr}${exit.stdout}code ${exit.code} signal ${exit.signal}\n`,
    );
    for (const { event, err } of program.log)
      if (event === 'defect') this.faults.push(`run ${number}: defect: ${JSON.stringify(err)}`);
    if (exit.code === 1) this.faults.push(`run ${number} ended with a defect: ${exit.stderr.slice(-2000)}`);
  }

  async #allGone(): Promise<void> {
    await groupsGone(this.#groups, GONE_MS);
    await Promise.all([...this.#programs].map(({ exited }) => exited));
  }
}

const groupOf = ({ child }: Program): number => child.pid ?? 0;
