import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type FakeBuckets = {
  url: string;
  /** By bucket and key. */
  objects: Map<string, Buffer>;
  /** Every request, as `GET /bucket/key`. */
  asked: string[];
  /** From now on questions about buckets are heard and not answered. @returns what answers them after all */
  hang(): () => void;
  /** The same of what is asked about objects. */
  hangObjects(): () => void;
};

/** A server that takes whole objects into any bucket, and checks no signature: for what needs an answer and not a server. */
export async function startFakeBuckets(t: TestContext): Promise<FakeBuckets> {
  const objects = new Map<string, Buffer>();
  const asked: string[] = [];
  let hanging: Promise<void> | undefined;
  let objectsHanging: Promise<void> | undefined;
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://fake').pathname).replace(
      /^\/|\/$/g,
      '',
    );
    asked.push(`${request.method} /${path}`);
    await (path.includes('/') ? objectsHanging : hanging);
    await answer(request, response, path, objects);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked,
    hang() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hanging = promise;
      return () => {
        hanging = undefined;
        resolve();
      };
    },
    hangObjects() {
      const { promise, resolve } = Promise.withResolvers<void>();
      objectsHanging = promise;
      return () => {
        objectsHanging = undefined;
        resolve();
      };
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  objects: Map<string, Buffer>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  // It gives no list of buckets, and has every bucket that it is asked for.
  if (path === '') return void response.writeHead(403).end();
  if (!path.includes('/')) return void response.writeHead(200).end();
  if (request.method === 'PUT') objects.set(path, Buffer.concat(chunks));
  const object = objects.get(path);
  if (object === undefined) return void response.writeHead(404).end();
  const etag = `"${createHash('md5').update(object).digest('hex')}"`;
  const length = request.method === 'HEAD' ? object.length : 0;
  response.writeHead(200, { etag, 'content-length': length }).end();
}
