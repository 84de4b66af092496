import type { UsageError } from '../../errors.ts';
import type { Found } from './settings.ts';

/**
 * An absolute http(s) URL without a trailing slash. A path before it is kept: some gateways serve S3 below one.
 *
 * @throws what `fault` makes of the reason and the hint
 */
export function judgeEndpoint({ value }: Found, fault: (what: string, hint: string) => UsageError): string {
  // Not `new URL`: the error that it throws carries what it was given.
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw fault('is not an http or https URL', 'write it whole, for example https://s3.example.com');
  if (url.username !== '' || url.password !== '')
    throw fault(
      'has a user name or a password in it',
      'write them as access key and secret, and the host alone',
    );
  if (url.search !== '' || url.hash !== '')
    throw fault('has more than a host and a path', 'leave out ? and #');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
