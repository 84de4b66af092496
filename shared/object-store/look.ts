import { answerOf } from './failure.ts';
import type { ObjectStore, Place, RemoteObject } from './store.ts';

/**
 * What is under a key, as far as the server tells: undefined also where it knows no HEAD, or the key may only write.
 *
 * @throws what the SDK throws where there is no answer for now
 */
export async function look(
  store: ObjectStore,
  place: Place,
  signal: AbortSignal,
): Promise<RemoteObject | undefined> {
  try {
    return await store.head(place, signal);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/**
 * An answer that says nothing of what was asked for: this server does not know the question, or this key may not ask it. The answer to
 * a HEAD has no body, so that it has no code either.
 */
export function isRefused(error: unknown): boolean {
  const answer = answerOf(error);
  if (answer === undefined || ABOUT_THE_KEY.has(answer.code)) return false;
  return answer.status === 403 || answer.status === 405 || answer.status === 501;
}

/** These come with 403 as well, and say that nothing at all can be asked with this key. */
const ABOUT_THE_KEY: ReadonlySet<string | undefined> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'RequestTimeTooSkewed',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
  'AccountProblem',
]);
