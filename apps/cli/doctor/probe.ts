import { closeSync, existsSync, fstatSync, mkdirSync, openSync, rmSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

let probes = 0;

/** Makes a probe in the directory for as long as `use` takes. It is gone then, whatever it was renamed to. */
export function withProbe<Found>(directory: string, kind: ProbeKind, use: (probe: Probe) => Found): Found {
  const probe = new Probe(directory, kind);
  try {
    return use(probe);
  } finally {
    probe.remove();
  }
}

export type ProbeKind = 'file' | 'directory';

/** A hidden file or directory of ours, which no scan takes for a new file. */
class Probe {
  readonly path: string;
  readonly #names: string[];

  constructor(directory: string, kind: ProbeKind) {
    this.path = Probe.nameIn(directory);
    this.#names = [this.path];
    if (kind === 'directory') mkdirSync(this.path);
    else closeSync(openSync(this.path, 'wx', 0o600));
  }

  /** A name that nobody has, to move it to. */
  otherName(directory: string): string {
    const name = Probe.nameIn(directory);
    this.#names.push(name);
    return name;
  }

  stats(): Stats {
    const fd = openSync(this.path, 'r');
    try {
      return fstatSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  remove(): void {
    for (const name of this.#names) rmSync(name, { recursive: true, force: true });
  }

  static nameIn(directory: string): string {
    probes += 1;
    return join(directory, `.wharfinger-doctor-${process.pid}-${probes}`);
  }
}

/** The directory, or where it is still to be made, the nearest one above it that is there. */
export function nearestExisting(directory: string): string {
  const parent = dirname(directory);
  return existsSync(directory) || parent === directory ? directory : nearestExisting(parent);
}
