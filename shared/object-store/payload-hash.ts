const HEADER = 'x-amz-content-sha256';

/** Where such a middleware goes: the request is made, and not signed yet. */
export const BEFORE_SIGNING = { step: 'build', name: 'payloadHash', override: true } as const;

/**
 * Gives the signer the SHA-256 of a body, which we have anyway. It takes this header where it finds it, and would hash the body once
 * more where it does not; the server compares it with what arrives.
 */
export function payloadHash(sha256: Buffer) {
  return <Args extends { request: unknown }, Output>(next: (args: Args) => Promise<Output>) =>
    (args: Args): Promise<Output> => {
      if (hasHeaders(args.request)) args.request.headers[HEADER] = sha256.toString('hex');
      return next(args);
    };
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
