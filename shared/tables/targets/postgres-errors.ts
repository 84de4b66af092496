import { DatabaseError } from 'pg';
import { errnoOf } from '../../errors.ts';
import { TargetError, type TargetTrouble } from '../errors.ts';
import { BY_CLASS, BY_ERRNO, BY_STATE, OTHER, type Verdict } from './postgres-verdicts.ts';

/**
 * What the failure of a connection or of a statement means for the load, by SQLSTATE or errno and never by its words. Errors that are
 * expected already, and defects of ours, are returned as they are.
 *
 * @param where the server and database, for a person
 */
export function postgresError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error.name === 'TargetError' || error.name === 'FileFaultError')
    return error;
  if (error instanceof DatabaseError)
    return targetError(verdictOf(error.code), oneLine(error.message), where, error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && CERTIFICATE.test(code))
    return targetError(UNTRUSTED, oneLine(error.message), where, error);
  // Those of getaddrinfo are not all written as the errno of a system call.
  const errno = errnoOf(error) ?? code;
  const verdict = errno === undefined ? undefined : BY_ERRNO.get(errno);
  if (verdict !== undefined) return targetError(verdict, errno ?? '', where, error);
  return error;
}

/** An error that tells that the connection has ended, and is nothing else. */
export function connectionLost(cause: unknown, where: string): TargetError {
  return targetError(LOST, cause instanceof Error ? oneLine(cause.message) : '', where, cause);
}

/** Whether a row is to blame: what it says is refused by the server, by a constraint or a trigger of the table, or is `tooLong`. */
export function isOfARow(error: unknown): error is DatabaseError | TargetError {
  if (error instanceof TargetError) return error.code === TOO_LONG;
  return error instanceof DatabaseError && /^(22|23|44|P0)/.test(error.code ?? '');
}

const TOO_LONG = 'load.too-long';

/** A text that its column has no room for. Thrown of a load; it becomes the fault of the file that has it, if that can be told. */
export const tooLong = (what: string): TargetError =>
  new TargetError('away', `a text is too long: ${oneLine(what)}`, { code: TOO_LONG });

/** That it waited for a lock for as long as it was allowed to. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '55P03';

/** The reason in one line, with the place that the server names. */
export function reasonOf(error: DatabaseError | TargetError): string {
  if (error instanceof TargetError) return error.message;
  const place = error.where
    ?.split('\n')[0]
    ?.replace(/^COPY .*?, line (\d+)/, 'row $1 of those that were sent');
  const detail = [error.detail, place].filter((text) => text !== undefined && text !== '');
  return oneLine(`PostgreSQL refuses a row of it: ${[error.message, ...detail].join('; ')}`);
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 1000);

const LOST: Verdict = { trouble: 'away', code: 'load.away', meaning: 'the connection ended' };

const UNTRUSTED: Verdict = {
  trouble: 'refused',
  code: 'load.certificate',
  meaning: 'the certificate of the server is not to be trusted',
  hint: 'name the certificate of its authority as sslrootcert in the URL',
};

/** Of OpenSSL and of node:tls. */
const CERTIFICATE = /CERT|^ERR_TLS_|^UNABLE_TO_/;

const verdictOf = (state = ''): Verdict => BY_STATE.get(state) ?? BY_CLASS.get(state.slice(0, 2)) ?? OTHER;

function targetError(verdict: Verdict, detail: string, where: string, cause: unknown): TargetError {
  const trouble: TargetTrouble = verdict.trouble;
  const said = detail === '' ? '' : `: ${detail}`;
  return new TargetError(trouble, `${verdict.meaning} (${where})${said}`, {
    code: verdict.code,
    subject: where,
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
    cause,
  });
}
