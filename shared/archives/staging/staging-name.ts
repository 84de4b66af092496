import { createHash } from 'node:crypto';
import type { ProcessIdentity } from '../../linux/process-identity.ts';
import type { StagingName } from '../contract.ts';

const SUFFIXES = { closed: 'zip', taken: 'taken' } as const;

const HOST_CHARACTERS = 64;

/** Turns are counted by rename, so fifteen digits are for ever, and a number holds them exactly. */
const NAME =
  /^([A-Za-z0-9-]{1,64})\.([0-9a-f]{8})\.([1-9][0-9]{0,9})\.([0-9]{1,20})\.([0-9a-f]{16})\.(?:(0|[1-9][0-9]{0,14})\.open|zip|taken)$/;

/** `HOST.IDENTITY.PID.START.RANDOM` with `.N.open`, `.zip` or `.taken`: what a staging archive is called in the inbox. */
export const stagingName = (name: StagingName): string =>
  `${stagingStem(name)}.${name.state === 'open' ? `${name.turn}.open` : SUFFIXES[name.state]}`;

/** The part that stays as long as the file is there. */
export const stagingStem = ({
  host,
  identity,
  pid,
  pidStart,
  random,
}: Omit<StagingName, 'state' | 'turn'>): string => [host, identity, pid, pidStart, random].join('.');

/** @returns undefined for what no writer of ours called so. `turn` is 0 but for an open one. */
export function parseStagingName(file: string): StagingName | undefined {
  const [, host, identity, pid, pidStart, random, turn] = NAME.exec(file) ?? [];
  if (host === undefined || identity === undefined || pidStart === undefined || random === undefined) return;
  const state = turn !== undefined ? 'open' : file.endsWith(SUFFIXES.closed) ? 'closed' : 'taken';
  return { host, identity, pid: Number(pid), pidStart, random, state, turn: Number(turn ?? 0) };
}

/** A host's name as it may stand in a file's name between dots. */
export const hostPart = (host: string): string =>
  host.slice(0, HOST_CHARACTERS).replaceAll(/[^A-Za-z0-9-]/g, '-') || 'host';

/**
 * Stands for the boot and the process name space: where these digits are ours, the process may be looked for by its number. They are made of all that
 * `isDead` compares but the process itself.
 */
export const identityDigits = ({ host, boot }: ProcessIdentity): string =>
  createHash('sha256').update(`${host}\0${boot}`).digest('hex').slice(0, 8);
