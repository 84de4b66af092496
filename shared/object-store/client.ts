import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { AnswerableHandler } from './answerable-handler.ts';
import type { Profile } from './credentials/profile.ts';

export type StoreOptions = {
  profile: Profile;
  /** To be connected, name look-up and TLS included. */
  connectMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
  /** From the first byte to the head of the reply, the sending of the body included. */
  requestMs: number;
  /** Requests at a time, and connections; further requests wait, and none of the times runs for them. */
  maxSockets: number;
};

/**
 * A connection that lay idle for longer is closed by us. Servers close theirs after five seconds and more without a word; a request
 * that is sent in that moment comes back as a reset, and nothing sends it again before the queue does.
 */
const KEEP_IDLE_MS = 4_000;

export type Client = {
  sdk: S3Client;
  /** Its connections, for what is sent without it too. */
  agents: { http: HttpAgent; https: HttpsAgent };
};

/** The parts of the SDK have the console for a default. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * A client that does what the profile and the options say and no more: it does not retry, does not log, does not wait for ever, and
 * takes no address, key or setting from the environment or from the files of the AWS command line.
 */
export function createClient({ profile, connectMs, idleMs, requestMs, maxSockets }: StoreOptions): Client {
  // The number of connections is limited by `ObjectStore`.
  const agent = { keepAlive: true, maxFreeSockets: maxSockets, timeout: KEEP_IDLE_MS };
  const agents = { http: new HttpAgent(agent), https: new HttpsAgent(agent) };
  const { accessKeyId, secretAccessKey, sessionToken, region, endpoint } = profile;
  // The option is read by the client and not in its type yet. Without it AWS_ENDPOINT_URL sends a profile's files elsewhere.
  const config: S3ClientConfig & { ignoreConfiguredEndpointUrls: true } = {
    region,
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ignoreConfiguredEndpointUrls: true,
    forcePathStyle: profile.provider !== 'amazon',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useArnRegion: false,
    authSchemePreference: ['sigv4'],
    defaultsMode: 'standard',
    retryMode: 'standard',
    maxAttempts: 1,
    // What is checked, and by which sum, is said with each request: see `ObjectStore`.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Asking first costs a round trip for each part and takes a new connection for it.
    expectContinueHeader: false,
    logger: SILENT,
    requestHandler: new AnswerableHandler({
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      requestTimeout: requestMs,
      throwOnRequestTimeout: true,
      httpAgent: agents.http,
      httpsAgent: agents.https,
      logger: SILENT,
    }),
  };
  return { sdk: new S3Client(config), agents };
}
