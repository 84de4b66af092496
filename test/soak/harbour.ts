import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromText } from '../../shared/fs/byte-path.ts';
import { cannotMount } from '../support/mounts.ts';
import { Disk } from './disk.ts';
import { KeptDirectory } from './kept-directory.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 512 * MIB;
/** The images are sparse: what is not used costs nothing. */
const DISK_BYTES_A_MINUTE = 128 * MIB;
const MEMORY = '/dev/shm';
const PREFIX = 'wharfinger-soak-';

/** How long a silent worker keeps its jobs: short, so that freezes can outlast it. */
export const LEASE_MS = 2000;

/**
 * The directories of one soak: two inputs on the near disk, one warehouse beside them and one on the far disk, where every move is
 * a copy; one state file and one tree of manifests for both, on the near disk.
 */
export class Harbour implements Disposable {
  readonly #directory = new KeptDirectory(PREFIX);
  readonly root = this.#directory.path;
  readonly near: Disk | undefined;
  readonly far: Disk | undefined;
  readonly inputs: readonly string[];
  readonly warehouses: readonly string[];
  readonly manifests: string;
  readonly state: string;
  readonly config: string;
  readonly logs: string;
  readonly #elsewhere: KeptDirectory | undefined;

  /** @param hasDisks whether it may mount disks of its own, without which there are neither full ones nor power cuts */
  constructor(minutes: number, hasDisks: boolean) {
    const near = join(this.root, 'near');
    this.#elsewhere = hasDisks ? undefined : onAnotherFileSystem(this.root);
    const far = this.#elsewhere?.path ?? join(this.root, 'far');
    if (hasDisks) {
      const sizeBytes = DISK_BYTES + Math.ceil(minutes) * DISK_BYTES_A_MINUTE;
      this.near = new Disk(near, join(this.root, 'near.img'), sizeBytes);
      this.far = new Disk(far, join(this.root, 'far.img'), sizeBytes);
    }
    this.inputs = [join(near, 'in', 'near'), join(near, 'in', 'far')];
    this.warehouses = [join(near, 'warehouse'), join(far, 'warehouse')];
    this.manifests = join(near, 'manifests');
    this.state = join(near, 'state', 'state.db');
    this.logs = join(this.root, 'logs');
    this.config = join(this.root, 'soak.yaml');
    for (const directory of [...this.inputs, ...this.warehouses, this.manifests, this.logs])
      mkdirSync(directory, { recursive: true });
    writeFileSync(this.config, this.#configuration());
  }

  get inputPaths(): ReturnType<typeof fromText>[] {
    return this.inputs.map((input) => fromText(input));
  }

  /** What of it can be looked at afterwards. */
  get kept(): string {
    const disks = this.near === undefined ? '' : ' (disks: mount -o loop near.img, far.img)';
    const far = this.#elsewhere === undefined ? '' : ` and ${this.#elsewhere.path}`;
    return `${this.root}${far}${disks}`;
  }

  /** Nothing was wrong: its disposal takes everything away. */
  removeWhenClosed(): void {
    for (const directory of [this.#directory, this.#elsewhere]) directory?.removeWhenClosed();
  }

  [Symbol.dispose](): void {
    for (const one of [this.near, this.far, this.#elsewhere, this.#directory]) one?.[Symbol.dispose]();
  }

  #configuration(): string {
    const [nearInput, farInput] = this.inputs;
    const [nearWarehouse, farWarehouse] = this.warehouses;
    return `
state_path: ${this.state}
manifests: ${this.manifests}
workers: 2
lease_seconds: ${LEASE_MS / 1000}
stop_seconds: 5
scan_seconds: 2
routes:
  - { name: near, input: ${nearInput}, warehouse: ${nearWarehouse}, mode: stability, stability_seconds: 0.1 }
  - { name: far, input: ${farInput}, warehouse: ${farWarehouse}, mode: close-write, stability_seconds: 0.1 }
`;
  }
}

/** Whether this machine lets us mount disks. */
export const canHaveDisks = (): boolean => cannotMount() === undefined;

/** Undefined where there is none. */
function onAnotherFileSystem(root: string): KeptDirectory | undefined {
  const there = statSync(MEMORY, { throwIfNoEntry: false });
  const isOther = there !== undefined && there.dev !== statSync(root).dev;
  return isOther ? new KeptDirectory(PREFIX, MEMORY) : undefined;
}
