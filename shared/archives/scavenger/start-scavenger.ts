import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../clock.ts';
import { thisProcess } from '../../linux/process-identity.ts';
import {
  type ArchiveEvent,
  noArchiveCrashPoints,
  ROTATE_MS,
  type ScavengeReport,
  VOLUME_BYTES,
} from '../contract.ts';
import { assertWhole, optionFault } from '../library/faults.ts';
import { scavenge } from './scavenge.ts';
import { ScavengeLoop } from './scavenge-loop.ts';

export type StartScavengerOptions = {
  /** How long after one pass the next begins; 10 where none are given. */
  everySeconds?: number;
  /** How often the writers begin a new staging archive (their `rotateSeconds`): one of another host that was silent for twice as long is collected; 300 where none are given. */
  rotateSeconds?: number;
  /** Collect what other hosts left open as soon as it has been silent for 30 s. */
  flush?: boolean;
  /** A volume of so many bytes is full, and `ar-2.zip` begun; 64 MiB where none are given. */
  volumeBytes?: number;
  /** What others are told of who collects; the host's name where none is given. */
  host?: string;
  /** Told what is done, and what a person should know: a name that came with two contents, a staging archive that was cut. */
  onEvent?(event: ArchiveEvent): void;
  /** Told what each pass did. */
  onReport?(report: ScavengeReport): void;
  /** Told why a pass failed; the next one comes all the same. Nothing is lost by it. */
  onError?(error: unknown): void;
};

/** A scavenger at work. */
export type Scavenger = AsyncDisposable & {
  /**
   * Collects at once, and tells what was done. What was closed before the call is in its archive when it resolves, unless the report says
   * that somebody else collects.
   */
  now(): Promise<ScavengeReport>;
  /** Resolves when it has ended; nothing is half done. May be called twice. */
  stop(): Promise<void>;
};

/**
 * Collects what is deposited below a directory into its archives, every few seconds, until it is stopped; it keeps the process alive as long.
 * Any number may run on any hosts: one of them works at a time. One that is killed leaves nothing that the next does not mend.
 *
 *     await using scavenger = startScavenger('/srv/archives', { onError: console.error });
 *
 * @param base must exist whenever there is something to do; that it does not is told to `onError`
 * @throws UsageError `archive.option`
 */
export function startScavenger(base: string, options: StartScavengerOptions = {}): Scavenger {
  const { everySeconds = 10, rotateSeconds = ROTATE_MS / 1000, volumeBytes = VOLUME_BYTES } = options;
  for (const [name, value] of Object.entries({ everySeconds, rotateSeconds })) {
    if (!(value > 0) || value > MOST_SECONDS)
      throw optionFault(name, `is no number above 0, and up to ${MOST_SECONDS}`);
  }
  assertWhole('volumeBytes', volumeBytes);
  const { flush = false, host = hostname(), onEvent, onReport, onError } = options;
  const absolute = resolve(base);
  return new ScavengeLoop({
    everyMs: everySeconds * 1000,
    pass: (signal, onPassEvent) =>
      scavenge({
        base: absolute,
        identity: thisProcess(),
        hostName: host,
        rotateMs: rotateSeconds * 1000,
        flush,
        volumeBytes,
        clock: systemClock,
        random: Math.random,
        crash: noArchiveCrashPoints,
        signal,
        onEvent: onPassEvent,
      }),
    onEvent: (event) => onEvent?.(event),
    onReport: (report) => onReport?.(report),
    onError: (error) => onError?.(error),
  });
}

/** setTimeout takes no more. */
const MOST_SECONDS = Math.floor((2 ** 31 - 1) / 1000);
