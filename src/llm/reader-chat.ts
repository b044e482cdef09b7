import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import type { ChatResult } from '@langchain/core/outputs';
import { createAgent, createMiddleware } from 'langchain';

import type { ToolAnswer, Turn } from '../agent/agent.ts';
import type { Ferry, ReaderTask } from './ferry.ts';
import { traceNothing } from './trace-nothing.ts';
import type { Wish } from './wish.ts';

/** The built-in reader as a chat model of LangChain: asked with messages, it answers with tool calls or with its reply. */
class ReaderChat extends BaseChatModel {
  readonly #ferry: Ferry;
  readonly #answers: ReadonlyMap<string, ToolAnswer>;
  turn: Turn | undefined;

  constructor(ferry: Ferry, answers: ReadonlyMap<string, ToolAnswer>) {
    super({});
    this.#ferry = ferry;
    this.#answers = answers;
  }

  override _llmType(): string {
    return 'berth-reader';
  }

  /** The reader knows its tools. */
  override bindTools(): this {
    return this;
  }

  override async _generate(_messages: BaseMessage[]): Promise<ChatResult> {
    const step = await this.#ferry.next(this.#answers);
    const message = 'turn' in step ? new AIMessage(step.turn.reply) : calling(step.calls);
    if ('turn' in step) this.turn = step.turn;
    return { generations: [{ text: message.text, message }] };
  }
}

function calling(
  calls: readonly { readonly id: string; readonly tool: string; readonly args: object }[],
): AIMessage {
  const tool_calls = calls.map(({ id, tool: name, args }) => ({
    id,
    name,
    args: { ...args },
    type: 'tool_call' as const,
  }));
  return new AIMessage({ content: '', tool_calls });
}

export type ReaderLoop = {
  readonly ferry: Ferry;
  readonly task: ReaderTask;
  readonly carryOut: (wish: Wish) => Promise<ToolAnswer>;
};

/** More steps than a line can make the reader take. */
const mostSteps = 200;

/** One turn of the built-in reader in the agent loop in which a language model's turns run. */
export async function runReader({ ferry, task, carryOut }: ReaderLoop): Promise<Turn> {
  traceNothing();
  const answers = new Map<string, ToolAnswer>();
  const chat = new ReaderChat(ferry, answers);
  const gate = createMiddleware({
    name: 'berth-reader',
    wrapToolCall: async ({ toolCall: { id = '', name, args } }) => {
      const answer = await carryOut({ tool: name, args });
      answers.set(id, answer);
      return new ToolMessage({ content: answer.ok ? 'done' : answer.error.message, name, tool_call_id: id });
    },
  });
  ferry.begin(task);
  const said = 'plan' in task ? `commit ${task.plan.id}` : task.text;
  const agent = createAgent({ model: chat, tools: [], middleware: [gate] });
  await agent.invoke({ messages: [new HumanMessage(said)] }, { recursionLimit: mostSteps });
  if (chat.turn === undefined) throw new TypeError('the reader ended without an answer');
  return chat.turn;
}
