import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../errors.ts';
import { inboxOf } from '../places.ts';
import { factsOf, isSameFile } from '../volumes/file-facts.ts';
import { FileWindow, readFully } from '../zip/file-window.ts';
import type { Collected, Staging } from './collected.ts';

/** One read; larger members come in several. */
const CHUNK_BYTES = 1024 ** 2;

/** Small members of one archive mostly lie near each other: what is read around one serves the next. */
const SMALL_BYTES = 16 * 1024;
const WINDOW_BYTES = 32 * 1024;

/** Something else may have the name by now: a pipe without a writer is not to be waited for. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type OpenStaging = { fd: number; staging: Staging; window: FileWindow };

/**
 * Reads the packed data of members out of their staging archives, of which it keeps one open: a round may be made of tens of
 * thousands. To be closed.
 */
export class PackedData {
  readonly #base: string;
  #open: OpenStaging | undefined;

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * The data of a member, in pieces that hold until the next is asked for.
   *
   * @throws EnvironmentError `archive.staging-changed` where it is not there any more as it was read before; as node:fs does
   */
  *of({ member, staging }: Collected): Generator<Buffer> {
    const { fd, window } = this.#openOf(staging);
    if (member.packedBytes <= SMALL_BYTES) {
      const all = window.at(member.dataOffset, member.packedBytes);
      if (all.length < member.packedBytes) throw changed(staging);
      yield all;
      return;
    }
    for (let done = 0; done < member.packedBytes; ) {
      const piece = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, member.packedBytes - done));
      if (readFully(fd, piece, member.dataOffset + done) < piece.length) throw changed(staging);
      done += piece.length;
      yield piece;
    }
  }

  /**
   * Makes sure that what was read is what was judged: a writer that slept, and has not found out yet that its archive was taken, may
   * have written once more.
   *
   * @throws EnvironmentError `archive.staging-changed`
   */
  check(): void {
    if (this.#open === undefined) return;
    const { fd, staging } = this.#open;
    if (!isSameFile(factsOf(fstatSync(fd, { bigint: true })), staging.facts)) throw changed(staging);
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #openOf(staging: Staging): OpenStaging {
    if (this.#open?.staging === staging) return this.#open;
    this.check();
    this.close();
    const fd = openSync(join(inboxOf(this.#base), staging.file), OPEN_FLAGS);
    const open = { fd, staging, window: new FileWindow(fd, Number(staging.facts.size), WINDOW_BYTES) };
    this.#open = open;
    this.check();
    return open;
  }
}

const changed = ({ file }: Staging): EnvironmentError =>
  new EnvironmentError(`inbox/${file} was changed while it was collected`, {
    code: 'archive.staging-changed',
    subject: file,
    retryable: true,
    hint: 'leave what lies in the inbox to the scavenger',
  });
