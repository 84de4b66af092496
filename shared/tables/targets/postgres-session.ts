import { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { connectionLost, postgresError } from './postgres-errors.ts';
import { tlsAttempts } from './postgres-tls.ts';
import type { PostgresPlace } from './postgres-url.ts';

/** A server that has sent and taken nothing for as long while we wait for it is gone, whatever TCP believes. */
const SILENCE_MS = 600_000;
/** After as long without a byte the kernel begins to ask whether the other side is there. */
const KEEP_ALIVE_MS = 10_000;

/**
 * A connection to PostgreSQL. `DatabaseError`, the server's own, is thrown as it is; where the connection itself fails, and for ever after,
 * it is a `TargetError`.
 */
export class PostgresSession {
  readonly where: string;
  readonly #client: pg.Client;
  readonly #socket: Socket;
  #lost: unknown;

  private constructor(place: PostgresPlace, client: pg.Client, socket: Socket) {
    this.where = place.text;
    this.#client = client;
    this.#socket = socket;
  }

  /**
   * @param password asked for when the server wants one
   * @throws TargetError; the signal's reason
   */
  static async open(
    place: PostgresPlace,
    password: () => string,
    signal?: AbortSignal,
  ): Promise<PostgresSession> {
    signal?.throwIfAborted();
    let failure: unknown;
    for (const ssl of tlsAttempts(place)) {
      const socket = new Socket();
      const client = new pg.Client({
        ...{ host: place.host, port: place.port, user: place.user, database: place.database },
        ...{ password, ssl, stream: () => socket, application_name: 'wharfinger', client_encoding: 'UTF8' },
        ...{ connectionTimeoutMillis: place.connectTimeoutMs },
        ...{ keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS },
      });
      const session = new PostgresSession(place, client, socket);
      try {
        await session.during(signal, () => session.#connect());
        return session;
      } catch (error) {
        session.destroy();
        signal?.throwIfAborted();
        failure = error;
        // Only a server that has no TLS at all is asked again without it; what that looks like has no code.
        if (!(error instanceof Error) || 'code' in error) break;
      }
    }
    throw PostgresSession.#translated(failure, place.text);
  }

  async #connect(): Promise<void> {
    this.#client.on('error', (error) => {
      this.#lost ??= error;
    });
    await this.#client.connect();
    this.#socket.setTimeout(SILENCE_MS, () => this.destroy(new Error('the server was silent for too long')));
  }

  get isUsable(): boolean {
    return this.#lost === undefined && !this.#socket.destroyed;
  }

  /** One statement with values, or several without. */
  async run<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]> {
    return await this.#talk(async () => {
      const result = await this.#client.query<Row>(sql, values);
      return result.rows;
    });
  }

  /** One statement that changes rows, and how many it has changed. */
  async change(sql: string, values?: unknown[]): Promise<number> {
    return await this.#talk(async () => (await this.#client.query(sql, values)).rowCount ?? 0);
  }

  /**
   * `COPY … FROM STDIN` of chunks of text, as fast as the server takes it.
   *
   * @returns how many rows the server says it has added
   */
  async copyIn(sql: string, source: AsyncIterable<Buffer>): Promise<number> {
    return await this.#talk(async () => {
      const copy = this.#client.query(copyFrom(sql));
      await pipeline(source, copy);
      return copy.rowCount;
    });
  }

  /** Ends the connection, and with it what the server does for it, when the signal comes while `work` goes on. The signal's reason is thrown then. */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const abort = () => this.destroy(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Idempotent; the server rolls back what was not committed. */
  destroy(reason?: unknown): void {
    this.#lost ??= reason ?? new Error('the connection was ended');
    this.#socket.destroy();
  }

  /** Says goodbye to the server, where it is there. */
  async close(): Promise<void> {
    if (this.isUsable) await this.#client.end();
    this.destroy();
  }

  async #talk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isLastWord(error)) this.destroy(error);
      throw PostgresSession.#translated(error, this.where, this.isUsable ? undefined : this.#lost);
    }
  }

  static #translated(error: unknown, where: string, lost?: unknown): unknown {
    if (error instanceof pg.DatabaseError) return error;
    for (const candidate of [error, lost]) {
      const translated = postgresError(candidate, where);
      if (translated !== candidate || isExpected(candidate)) return translated;
    }
    return connectionLost(lost ?? error, where);
  }
}

/** The server closes the connection after it has said this. */
const isLastWord = (error: unknown) =>
  error instanceof pg.DatabaseError && /^(57P|25P0[34])/.test(error.code ?? '');

const isExpected = (error: unknown) => error instanceof Error && error.name === 'TargetError';
