import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempDir } from '../temp.ts';
import { FaultProxy } from './fault-proxy.ts';

export type TlsProxy = {
  /** Begins with https. */
  url: string;
  proxy: FaultProxy;
  /** Who trusts this (`NODE_EXTRA_CA_CERTS`) accepts who issued the certificate: of the wrong host it is still the wrong host's. */
  certificateFile: string;
};

/** Options of a test that needs a certificate of its own. */
export const needsOpenssl: { skip: string | false } = {
  skip: spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed',
};

/** Starts a proxy that speaks TLS, with a certificate that nobody has signed, for this address or for another host. It ends with the test. */
export async function startTlsProxy(
  context: TestContext,
  targetUrl: string,
  { certificate }: { certificate: 'self-signed' | 'wrong-host' },
): Promise<TlsProxy> {
  const directory = tempDir(context);
  const keyFile = join(directory, 'key.pem');
  const certificateFile = join(directory, 'certificate.pem');
  const name = certificate === 'wrong-host' ? 'DNS:elsewhere.example' : 'IP:127.0.0.1,DNS:localhost';
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=a test', '-addext', `subjectAltName=${name}`],
      ...['-keyout', keyFile, '-out', certificateFile],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) });
  const proxy = new FaultProxy(targetUrl, server, 'https');
  context.after(() => proxy.stop());
  await proxy.listen();
  return { url: proxy.url, proxy, certificateFile };
}
