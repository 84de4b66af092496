import { closeSync } from 'node:fs';
import { ScratchFile } from './scratch-file.ts';

let scratchFiles = 0;

/** What was opened on the way, so that it is closed however the way ends. */
export class HeldDescriptors {
  readonly #fds = new Set<number>();

  add(fd: number): void {
    this.#fds.add(fd);
  }

  /** @throws EnvironmentError `load.scratch` */
  addScratch(directory: string): ScratchFile {
    scratchFiles += 1;
    const file = new ScratchFile(directory, `.wharfinger-plain-${process.pid}-${scratchFiles}.tmp`);
    this.#fds.add(file.fd);
    return file;
  }

  closeAllBut(kept: number | undefined): void {
    for (const fd of this.#fds) if (fd !== kept) closeSync(fd);
    this.#fds.clear();
  }
}
