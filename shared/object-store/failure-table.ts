/** What an attempt's failure means for the file and for its bucket. See `failureOf`. */
export type FailureKind =
  | 'aborted'
  /** The same request may succeed later. */
  | 'transient'
  /** The same, and it was too much at a time. */
  | 'throttled'
  /** It will not, until a person changes something. */
  | 'permanent'
  /** What arrived is not what was read: read it again. */
  | 'reread'
  /** The server does not know the multipart upload, or not all of it: forget it. */
  | 'start-again'
  | 'no-bucket';

export type Verdict = { kind: FailureKind; isOutage: boolean; meaning?: string };

const transient: Verdict = { kind: 'transient', isOutage: false };
const outage: Verdict = { kind: 'transient', isOutage: true };
const throttled: Verdict = { kind: 'throttled', isOutage: false };
const startAgain: Verdict = { kind: 'start-again', isOutage: false };
const permanent = (meaning: string): Verdict => ({ kind: 'permanent', isOutage: false, meaning });
const temporary = (meaning: string): Verdict => ({ kind: 'transient', isOutage: true, meaning });

const WRONG_KEY = permanent('the server does not accept the access key or its secret');
const EXPIRED = permanent('the session token has expired or is not valid');
const WRONG_REGION = permanent('the bucket is at another address or in another region');
const UNTRUSTED = permanent('the certificate of the server is not to be trusted');

/** By the code that the service gave in its answer. */
export const BY_CODE: ReadonlyMap<string, Verdict> = new Map([
  ['NoSuchBucket', { kind: 'no-bucket', isOutage: false, meaning: 'the bucket does not exist' }],
  ['NoSuchUpload', startAgain],
  ['InvalidPart', startAgain],
  ['InvalidPartOrder', startAgain],
  ['BadDigest', { kind: 'reread', isOutage: false }],
  ['XAmzContentSHA256Mismatch', { kind: 'reread', isOutage: false }],
  ['XAmzContentChecksumMismatch', { kind: 'reread', isOutage: false }],
  ['IncompleteBody', transient],
  ['SlowDown', throttled],
  ['TooManyRequests', throttled],
  ['TooManyRequestsException', throttled],
  ['Throttling', throttled],
  ['ThrottlingException', throttled],
  ['RequestLimitExceeded', throttled],
  ['BandwidthLimitExceeded', throttled],
  ['InternalError', outage],
  ['ServiceUnavailable', outage],
  ['RequestTimeout', transient],
  ['RequestTimeoutException', transient],
  ['OperationAborted', transient],
  // A bucket that was made a moment ago.
  ['TemporaryRedirect', transient],
  ['ConditionalRequestConflict', transient],
  // The SDK has learnt the server's time from this answer, so that the next request is signed with it.
  ['RequestTimeTooSkewed', { ...transient, meaning: 'the clock of this machine is wrong' }],
  ['InvalidAccessKeyId', WRONG_KEY],
  ['SignatureDoesNotMatch', WRONG_KEY],
  ['AuthorizationHeaderMalformed', permanent('the server does not accept the region of the profile')],
  ['AccessDenied', permanent('the access key may not do this')],
  ['AllAccessDisabled', permanent('the access key may not do this')],
  ['AccountProblem', permanent('the account is closed or in arrears')],
  ['ExpiredToken', EXPIRED],
  ['InvalidToken', EXPIRED],
  ['TokenRefreshRequired', EXPIRED],
  ['PermanentRedirect', WRONG_REGION],
  ['IllegalLocationConstraintException', WRONG_REGION],
  ['EntityTooLarge', permanent('the object is larger than the server takes')],
  ['QuotaExceeded', permanent('the quota is used up')],
  ['KeyTooLongError', permanent('the key is longer than the server takes')],
  ['CredentialsProviderError', permanent('there are no credentials')],
]);

/** By the status, where the code says nothing: the page of a proxy, or an answer without a body. */
export function byStatus(status: number): Verdict {
  if (status === 429) return throttled;
  if (status === 408) return transient;
  if (status === 501) return permanent('the server cannot do this');
  if (status === 507) return permanent('the server has no space left');
  if (status >= 500) return outage;
  if (status === 401 || status === 403) return permanent('the access key may not do this');
  if (status === 409) return transient;
  if (status >= 300 && status < 400) return WRONG_REGION;
  return permanent('the server refuses the request');
}

/** By the code of the socket, of the name look-up or of TLS. */
export const BY_SOCKET: ReadonlyMap<string, Verdict> = new Map([
  ['ECONNREFUSED', temporary('the connection is refused')],
  ['ENOTFOUND', temporary('the host has no address')],
  ['EAI_AGAIN', temporary('the name server does not answer')],
  ['EAI_FAIL', temporary('the name server does not answer')],
  ['EHOSTUNREACH', temporary('there is no way to the host')],
  ['EHOSTDOWN', temporary('there is no way to the host')],
  ['ENETUNREACH', temporary('there is no way to the network')],
  ['ENETDOWN', temporary('the network is down')],
  ['ETIMEDOUT', temporary('the server does not answer in time')],
  ['ECONNRESET', { ...transient, meaning: 'the connection was cut' }],
  ['ECONNABORTED', { ...transient, meaning: 'the connection was cut' }],
  ['EPIPE', { ...transient, meaning: 'the connection was cut' }],
  ['ERR_STREAM_PREMATURE_CLOSE', { ...transient, meaning: 'the connection was cut' }],
  ['EADDRNOTAVAIL', { ...transient, meaning: 'this machine has no port left' }],
  ['EMFILE', { ...transient, meaning: 'this process has too many files open' }],
  ['ENFILE', { ...transient, meaning: 'this machine has too many files open' }],
  // The provider mends these alone, and usually within the day.
  ['CERT_HAS_EXPIRED', temporary('the certificate of the server has expired')],
  ['CERT_NOT_YET_VALID', temporary('the certificate of the server is not valid yet')],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['CERT_UNTRUSTED', UNTRUSTED],
  ['CERT_REVOKED', UNTRUSTED],
  ['ERR_TLS_CERT_ALTNAME_INVALID', permanent('the certificate of the server is for another host')],
  ['EPROTO', permanent('the server does not speak TLS as this program does: http or https?')],
  ['ERR_SSL_WRONG_VERSION_NUMBER', permanent('the server does not speak TLS: http or https?')],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', permanent('the server does not speak TLS: http or https?')],
  ['ERR_INVALID_URL', permanent('the endpoint is no URL')],
]);

/** By the code, where it is not in the table: there are too many of these to name. */
export function bySocketFamily(code: string): Verdict | undefined {
  if (code.startsWith('HPE_')) return NO_STORE;
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_)/.test(code)) return UNTRUSTED;
  return undefined;
}

export const TIMED_OUT: Verdict = temporary('the server does not answer in time');
export const NO_STORE: Verdict = temporary('the answer does not come from an object store');

/** The client did not send it, and does not say why in a way that is known. */
export const UNSENT: Verdict = { kind: 'permanent', isOutage: false };
