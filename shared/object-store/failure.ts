import { WharfingerError } from '../errors.ts';
import {
  BY_CODE,
  BY_SOCKET,
  bySocketFamily,
  byStatus,
  type FailureKind,
  NO_STORE,
  TIMED_OUT,
  UNSENT,
  type Verdict,
} from './failure-table.ts';
import { ReplyError } from './reply-error.ts';

export type { FailureKind } from './failure-table.ts';

export type Failure = {
  kind: FailureKind;
  /**
   * The provider cannot be reached, or gives no answer that is of use: another file of this bucket would learn the same, perhaps
   * after half a minute.
   */
  isOutage: boolean;
  /** One line for a person, without a secret. */
  reason: string;
  /** Stable: the service's code, `http.<status>` where it gave none, or the errno. */
  code: string;
};

/**
 * What the failure of a request means.
 *
 * Judged in this order, because each step knows less than the one before: our own abort, the service's code, the HTTP status, the
 * code of the socket, and last the name TimeoutError, which the SDK also gives to a connection that was cut.
 *
 * @returns undefined for what no server has to do with: a file that cannot be read, a lease that has ended, a defect of ours. Throw it on
 */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof ReplyError) return failureOfReply(error);
  if (!(error instanceof Error) || error instanceof WharfingerError) return undefined;
  if (error.name === 'AbortError')
    return { kind: 'aborted', isOutage: false, reason: 'stopped', code: 'aborted' };
  return failureOfAnswer(error) ?? failureOfSocket(error) ?? failureOfRest(error);
}

/** The service's code and the status of an error that came as an answer; undefined for any other error. */
export function answerOf(error: unknown): { code: string | undefined; status: number } | undefined {
  if (!(error instanceof Error)) return undefined;
  const status =
    '$metadata' in error && isRecord(error.$metadata) ? error.$metadata.httpStatusCode : undefined;
  if (typeof status !== 'number') return undefined;
  const named = [textOf(error, 'Code'), error.name];
  return { code: named.find((name) => name !== undefined && !MEANINGLESS.has(name)), status };
}

/** What the SDK says where the answer had no code, or could not be read. */
const MEANINGLESS: ReadonlySet<string> = new Set([
  'Error',
  'Unknown',
  'UnknownError',
  'SyntaxError',
  'TypeError',
]);

function failureOfAnswer(error: Error): Failure | undefined {
  const answer = answerOf(error);
  const code = answer?.code ?? error.name;
  // With a status of success it is the body that was cut or is none: the socket knows more.
  const isStatus = answer !== undefined && answer.status >= 300;
  const verdict = BY_CODE.get(code) ?? (isStatus ? byStatus(answer.status) : undefined);
  if (verdict === undefined) return undefined;
  const isNamed = answer?.code !== undefined || BY_CODE.has(code);
  const stable = isNamed ? code : `http.${answer?.status}`;
  const subject = isNamed
    ? [code, answer?.status].filter((part) => part !== undefined).join(', ')
    : `status ${answer?.status}`;
  const said = isNamed ? oneLine(error.message) : '';
  return toFailure(
    verdict,
    stable,
    sentence(verdict.meaning ?? said, verdict.meaning === undefined ? '' : said, subject),
  );
}

function failureOfSocket(error: Error): Failure | undefined {
  const cause = firstOf(error);
  const code = textOf(cause, 'code');
  const known = code === undefined ? undefined : (BY_SOCKET.get(code) ?? bySocketFamily(code));
  if (code !== undefined && known !== undefined) {
    const where = [textOf(cause, 'hostname') ?? textOf(cause, 'address'), textOf(cause, 'port')];
    const subject = [code, where.filter((part) => part !== undefined).join(':')]
      .filter((part) => part !== '')
      .join(' ');
    return toFailure(known, code, sentence(known.meaning ?? '', '', subject));
  }
  if (error.name === 'TimeoutError')
    return toFailure(TIMED_OUT, 'TimeoutError', sentence(TIMED_OUT.meaning ?? '', '', 'time-out'));
  return undefined;
}

/** Whatever went through the client has metadata. A defect of ours has none. */
function failureOfRest(error: Error): Failure | undefined {
  if (answerOf(error) !== undefined) return toFailure(NO_STORE, 'store.reply', NO_STORE.meaning ?? '');
  if (!('$metadata' in error)) return undefined;
  const code = textOf(error, 'code') ?? error.name;
  return toFailure(UNSENT, code, sentence('', oneLine(error.message), code));
}

function failureOfReply(error: ReplyError): Failure {
  const verdict: Verdict =
    error.code === 'store.other-bytes' ? { kind: 'reread', isOutage: false } : NO_STORE;
  return toFailure(verdict, error.code, error.message);
}

const toFailure = ({ kind, isOutage }: Verdict, code: string, reason: string): Failure => ({
  kind,
  isOutage,
  reason,
  code,
});

/** Where a host has two addresses, and neither takes the connection, the first tells why. */
function firstOf(error: Error): Error {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? first : error;
}

function sentence(meaning: string, said: string, subject: string): string {
  const text = [meaning, said].filter((part) => part !== '' && part !== subject).join(': ');
  return text === '' ? subject : `${text} (${subject})`;
}

/** Servers write what they like. */
function oneLine(message: string): string {
  const line = message.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

function textOf(error: Error, name: string): string | undefined {
  const value = name in error ? (error as unknown as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
