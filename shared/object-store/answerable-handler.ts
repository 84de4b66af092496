import { NodeHttpHandler } from '@smithy/node-http-handler';

type Handle = NodeHttpHandler['handle'];
export type SdkRequest = Parameters<Handle>[0];
export type SdkResponse = Awaited<ReturnType<Handle>>['response'];

/** Takes the place of sending: what it gives or throws is the answer to a request. */
export type Answer = (request: SdkRequest) => Promise<{ response: SdkResponse }>;

/** What `S3Client.send` is told beside the command. */
export type SendOptions = { abortSignal?: AbortSignal; answer?: Answer | undefined };

/**
 * Sends what the SDK asks for, unless an answer is there already. So a request that was sent without the SDK is judged by it: its errors are
 * made in one place, whoever has asked.
 */
export class AnswerableHandler extends NodeHttpHandler {
  override async handle(
    request: SdkRequest,
    options?: Parameters<Handle>[1] & Pick<SendOptions, 'answer'>,
  ): ReturnType<Handle> {
    return options?.answer === undefined
      ? await super.handle(request, options)
      : await options.answer(request);
  }
}
