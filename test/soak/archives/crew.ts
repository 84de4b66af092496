import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Random } from '../random.ts';
import { complaintsIn } from './complaints.ts';
import { Host } from './host.ts';
import type { ScavengerOrders, WriterOrders } from './orders.ts';
import type { Place } from './place.ts';
import { type Ended, Player, type Role } from './player.ts';

const KEEP_MS = 100;
const WRITERS_A_HOST = 2;

/** How often writers begin a new staging archive; those of other hosts are silent after twice that. */
export const ROTATE_SECONDS = 2;
/** Small, so that many volumes fill up. */
const VOLUME_BYTES = 512 * 1024;

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const BIN = at('../../../bin/wharfinger.js');
const RAW_LOG = { WHARFINGER_LOG_FORMAT: 'json' };

/** What the command `archive scavenge` ends with: all is well, something was set aside, the base refuses. */
const EXITS_OF_SCAVENGER = [0, 3, 5];

/** Writers and scavengers on all hosts, and a reader on this one. One that ended is started again. */
export class Crew implements AsyncDisposable {
  readonly #place: Place;
  readonly #seed: number;
  readonly #random: Random;
  readonly #otherHosts: readonly string[];
  readonly #players = new Set<Player>();
  readonly #journals = new WeakMap<Player, string>();
  #hosts: Host[] = [Host.here()];
  #kept: Promise<void> | undefined;
  #isCalled = false;
  #hasReader = false;
  #started = 0;
  #reads = 0;
  /** What no program should ever say or do. */
  readonly faults: string[] = [];

  constructor(options: { place: Place; seed: number; random: Random; otherHosts: readonly string[] }) {
    this.#place = options.place;
    this.#seed = options.seed;
    this.#random = options.random;
    this.#otherHosts = options.otherHosts;
  }

  get started(): number {
    return this.#started;
  }

  /** How often a reader read an archive from its first byte to its last. */
  get reads(): number {
    return this.#reads;
  }

  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  players(role: Role): Player[] {
    return [...this.#players].filter((player) => player.role === role);
  }

  /** Where a writer notes what it begins and what was acknowledged. */
  journalOf(writer: Player): string {
    return this.#journals.get(writer) ?? '';
  }

  /** From now on everybody is there. */
  async call(): Promise<void> {
    for (const name of this.#otherHosts) this.#hosts.push(await this.#makeHost(name));
    this.#isCalled = true;
    this.#hasReader = true;
    this.#kept = this.#keep();
  }

  /** Until the next call nobody reads: what is found on a dead disk says nothing. */
  async sendReaderHome(): Promise<void> {
    this.#hasReader = false;
    for (const reader of this.players('reader')) reader.kill();
    await Promise.all(this.players('reader').map(({ ended }) => ended));
  }

  /** Everything dies at once, the other hosts with it. Resolves when it is gone. */
  async killAll(): Promise<void> {
    this.#isCalled = false;
    await this.#kept;
    for (const player of this.#players) player.kill();
    await Promise.all([...this.#players].map(({ ended }) => ended));
    const [here = Host.here(), ...others] = this.#hosts;
    for (const host of others) await host[Symbol.asyncDispose]();
    this.#hosts = [here];
  }

  /** Everything on one of the other hosts dies with it; then the host is back, and knows nothing of that. */
  async restartHost(random: Random): Promise<void> {
    const [, ...others] = this.#hosts;
    const host = random.pickIfAny(others);
    if (host?.name === undefined) return;
    this.#hosts = this.#hosts.filter((one) => one !== host);
    const dead = [...this.#players].filter((player) => player.host === host);
    for (const player of dead) player.kill();
    await Promise.all(dead.map(({ ended }) => ended));
    await host[Symbol.asyncDispose]();
    this.#hosts.push(await this.#makeHost(host.name));
  }

  /** All writers end as asked, or are killed where `isKilled` says so; then all others. */
  async dismiss(isKilled: () => boolean): Promise<void> {
    this.#isCalled = false;
    await this.#kept;
    const writers = this.players('writer');
    for (const writer of writers) {
      writer.thaw();
      if (isKilled()) writer.kill();
      else writer.stop();
    }
    await Promise.all(writers.map(({ ended }) => ended));
    for (const player of this.#players) {
      player.thaw();
      player.stop();
    }
    await Promise.all([...this.#players].map(({ ended }) => ended));
  }

  /** One pass of the real command. */
  async scavenge(host: Host, ...args: readonly string[]): Promise<Ended> {
    return await this.#start('scavenger', host, process.execPath, [...this.#command(), ...args]).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
  }

  #makeHost(name: string): Promise<Host> {
    return Host.other(name, this.#place.base);
  }

  async #keep(): Promise<void> {
    while (this.#isCalled) {
      for (const host of this.#hosts) this.#man(host);
      if (this.#hasReader && this.players('reader').length === 0)
        this.#start('reader', this.#hosts[0] ?? Host.here(), 'python3', [
          at('read_zips.py'),
          'watch',
          this.#place.base,
        ]);
      await delay(KEEP_MS);
    }
  }

  #man(host: Host): void {
    const has = (role: Role): number => this.players(role).filter((player) => player.host === host).length;
    for (let count = has('writer'); count < WRITERS_A_HOST; count++) this.#startWriter(host);
    if (has('scavenger') === 0) this.#startScavenger(host);
  }

  #startWriter(host: Host): void {
    const { base, journals, temporary } = this.#place;
    const tag = `w${this.#started}`;
    const orders: WriterOrders = {
      base,
      journals,
      temporary,
      rotateSeconds: ROTATE_SECONDS,
      seed: this.#seed,
      tag,
    };
    const args = [at('writer-main.ts'), JSON.stringify(orders)];
    const player = this.#start('writer', host, process.execPath, args);
    this.#journals.set(player, join(journals, `${tag}.jsonl`));
  }

  /** The real command, or a program of somebody who has the library collect. */
  #startScavenger(host: Host): void {
    const everySeconds = 1;
    if (this.#random.chance(0.6)) {
      const flush = this.#random.chance(0.5) ? ['--flush'] : [];
      const args = [...this.#command(), '--watch', '--every-seconds', `${everySeconds}`, ...flush];
      this.#start('scavenger', host, process.execPath, args);
      return;
    }
    const orders: ScavengerOrders = {
      base: this.#place.base,
      everySeconds,
      rotateSeconds: ROTATE_SECONDS,
      volumeBytes: VOLUME_BYTES,
      flush: this.#random.chance(0.5),
    };
    this.#start('scavenger', host, process.execPath, [at('scavenger-main.ts'), JSON.stringify(orders)]);
  }

  #command(): string[] {
    const rotate = ['--rotate-seconds', `${ROTATE_SECONDS}`, '--volume-bytes', `${VOLUME_BYTES}`];
    return [BIN, 'archive', 'scavenge', this.#place.base, ...rotate];
  }

  #start(role: Role, host: Host, command: string, args: readonly string[]): Player {
    const name = `${String(this.#started++).padStart(4, '0')}-${role}`;
    const player = new Player(role, name, host, host.start(command, args, RAW_LOG), (line) => {
      if (role === 'reader') this.#hear(line);
    });
    this.#players.add(player);
    player.ended.then((ended) => {
      this.#players.delete(player);
      this.#note(player, args, ended);
    });
    return player;
  }

  #hear(line: string): void {
    const said: { read: number } | { fault: string } = JSON.parse(line);
    if ('fault' in said) this.faults.push(`a reader: ${said.fault}`);
    else this.#reads += 1;
  }

  #note(
    { role, name, host }: Player,
    args: readonly string[],
    { code, signal, stdout, stderr }: Ended,
  ): void {
    const of = `${name} on ${host.name ?? 'this host'}`;
    const log = `${of}\n${args.join(' ')}\n${stderr}${role === 'reader' ? '' : stdout}code ${code} signal ${signal}\n`;
    writeFileSync(join(this.#place.logs, `${name}.log`), log);
    const isWell = code === null || code === 0 || (role === 'scavenger' && EXITS_OF_SCAVENGER.includes(code));
    // One that is killed behind a wrapper ends as the wrapper says: 128 and the signal.
    if (!isWell && code < 128) this.faults.push(`${of} ended with code ${code}: ${stderr.slice(-2000)}`);
    if (role === 'scavenger')
      for (const complaint of complaintsIn(stdout + stderr)) this.faults.push(`${of}: ${complaint}`);
  }
}
