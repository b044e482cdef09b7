import type { MessageContent } from '@langchain/core/messages';
import { ChatOpenAICompletions } from '@langchain/openai';

import type { Endpoint } from './endpoint.ts';

/** How long an endpoint may take for one answer. */
export const answerTimeoutMs = 120_000;

/** The endpoint as a chat model of LangChain. Retries are ours, and nothing is estimated by tables from a website. */
export function chatModel({ model, baseUrl, apiKey, seed }: Endpoint): QuietChat {
  return new QuietChat({
    model,
    apiKey: apiKey ?? 'none',
    streaming: true,
    streamUsage: true,
    maxRetries: 0,
    timeout: answerTimeoutMs,
    ...(seed === undefined ? {} : { modelKwargs: { seed } }),
    configuration: { baseURL: baseUrl, maxRetries: 0 },
  });
}

/** The library fetches a tokenizer's tables from a website to estimate what the endpoint counts anyway. */
class QuietChat extends ChatOpenAICompletions {
  override getNumTokens(content: MessageContent): Promise<number> {
    return Promise.resolve(Math.ceil(JSON.stringify(content).length / 4));
  }
}
