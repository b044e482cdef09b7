import { tools } from '../../../tools/index.ts';
import type { RecallingAgent, Toolbox } from '../../agent/agent.ts';
import { createInterpreter } from '../../agent/interpreter.ts';
import { mcpToolbox } from '../../agent/toolbox.ts';
import type { Caller } from '../../control/control.ts';
import { type Endpoint, endpointOf, readerInLoop } from '../../llm/endpoint.ts';
import { priceOf } from '../../llm/price.ts';
import { isVeiled } from '../../llm/pseudonyms/when.ts';
import { connectInProcess } from '../../mcp/in-process.ts';
import type { Digest } from '../../model/id.ts';
import type { Io } from '../io.ts';
import type { Loading } from '../session.ts';
import { logTo } from '../use-tool.ts';
import { version } from '../version.ts';

type Client = Awaited<ReturnType<typeof connectInProcess>>;

/** Whose tools an agent gets, and through what it reaches them. */
type Connecting = Pick<Loading, 'control' | 'caller'> & {
  /** What the client calls itself; that of the chat without it. */
  readonly client?: string;
  readonly through?: (toolbox: Toolbox) => Toolbox;
};

/** The agent of the chat, and the person's own tools: the built-in reader, or the model that BERTH_MODEL names with the reader behind it. */
export async function withAgent<T>(
  io: Io,
  session: Connecting,
  use: (agent: RecallingAgent, toolbox: Toolbox, prompt?: Digest) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(io.env);
  const { client: name = 'berth-chat', through = (own: Toolbox) => own } = session;
  const open: Client[] = [];
  const connect = async (caller: Caller): Promise<Client> => {
    const { control } = session;
    const options = { tools, control, caller, version: version(), log: logTo(io), client: name };
    const client = await connectInProcess(options);
    open.push(client);
    return client;
  };
  try {
    const client = await connect(session.caller);
    const toolbox = through(mcpToolbox(client));
    if (endpoint === undefined && io.env['BERTH_MODEL']?.trim() !== readerInLoop)
      return await use(createInterpreter({ toolbox }), toolbox);
    const builtin = await readerLoop(client, toolbox);
    if (endpoint === undefined) return await use(builtin, toolbox);
    const { agent, prompt } = await modelAgent(io, { endpoint, builtin, connect, through, session });
    return await use(agent, toolbox, prompt);
  } finally {
    for (const client of open) await client.close();
  }
}

/** The built-in reader as it stands in for a model: in the same loop, behind a gate. */
async function readerLoop(client: Client, toolbox: Toolbox): Promise<RecallingAgent> {
  const [{ createReaderLoop }, { toolsOf }] = await Promise.all([
    import('../../llm/reader-loop.ts'),
    import('../../llm/tools.ts'),
  ]);
  return createReaderLoop({ toolbox, tools: await toolsOf(client) });
}

type Parts = {
  readonly endpoint: Endpoint;
  readonly builtin: RecallingAgent;
  readonly session: Connecting;
  readonly connect: (caller: Caller) => Promise<Client>;
  readonly through: (toolbox: Toolbox) => Toolbox;
};

/** What comes of the model's words is recorded with its name and the digest of what it was told. */
async function modelAgent(
  io: Io,
  { endpoint, builtin, session, connect, through }: Parts,
): Promise<{ readonly agent: RecallingAgent; readonly prompt: Digest }> {
  const [{ createModelAgent }, { readPrompt }, { toolsOf }] = await Promise.all([
    import('../../llm/agent.ts'),
    import('../../llm/prompt.ts'),
    import('../../llm/tools.ts'),
  ]);
  const { control, caller } = session;
  const prompt = readPrompt();
  const client = await connect({ ...caller, model: endpoint.model, software: prompt.digest });
  const agent = createModelAgent({
    endpoint,
    prompt,
    toolbox: through(mcpToolbox(client)),
    tools: await toolsOf(client),
    price: priceOf(io.env),
    pseudonyms: isVeiled({ said: io.env['BERTH_PSEUDONYMS'], endpoint, tenants: caller.tenants }),
    people: async () =>
      (await (await control).authority(caller)).principals.map(({ principal }) => principal),
    ...(io.env['BERTH_FALLBACK'] === 'none' ? {} : { builtin }),
  });
  return { agent, prompt: prompt.digest };
}
