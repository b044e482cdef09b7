import { text } from 'node:stream/consumers';

import type { Agent } from '../../agent/agent.ts';
import { runHeadless } from '../../chat/headless.ts';
import { runInk } from '../../chat/ink.ts';
import { chooseFrontEnd } from '../../chat/mode.ts';
import { runPlain } from '../../chat/plain.ts';
import { wantsColor } from '../../chat/render.ts';
import type { ChatStatus } from '../../chat/status.ts';
import { columnsOf, type Io } from '../io.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { withAgent } from './agent.ts';

export type ChatOptions = Common & {
  readonly prompt?: string | true;
  readonly output?: 'text' | 'json' | 'stream-json';
  readonly plain?: boolean;
};

/** The chat, in the front end that fits the surroundings: an MCP client of a server in the same process. */
export async function chat(io: Io, options: ChatOptions): Promise<number> {
  return withSession(io, { ...options, client: 'berth-chat' }, (session) =>
    withAgent(io, session, (agent) => talk(io, { session, agent, options })),
  );
}

type Talk = { readonly session: Session; readonly agent: Agent; readonly options: ChatOptions };

async function talk(io: Io, { session, agent, options }: Talk): Promise<number> {
  const front = chooseFrontEnd({
    stdinIsTty: io.stdin.isTTY === true,
    stdoutIsTty: io.stdout.isTTY === true,
    env: io.env,
    prompt: options.prompt !== undefined,
    plain: options.plain === true,
  });
  const color = wantsColor(io.env, io.stdout.isTTY === true);
  const status = () => statusOf(session, agent);
  switch (front.kind) {
    case 'headless':
      return headless(io, { session, agent, options });
    case 'plain':
      return runPlain({
        agent,
        input: io.stdin,
        output: io.stdout,
        errors: io.stderr,
        status,
        columns: columnsOf(io),
        color,
        interrupt: io.interrupt,
      });
    case 'ink':
      return runInk({ agent, status, color });
    default:
      return front satisfies never;
  }
}

/** `-p` with a prompt, or with none: then stdin is the prompt. */
async function headless(io: Io, { session, agent, options }: Talk): Promise<number> {
  const prompt =
    options.prompt === true || options.prompt === undefined ? await text(io.stdin) : options.prompt;
  return runHeadless({
    agent,
    prompt,
    output: options.output ?? (options.json === true ? 'json' : 'text'),
    head: () => session.control.head(),
    stdout: io.stdout,
    stderr: io.stderr,
    columns: columnsOf(io),
    color: wantsColor(io.env, io.stdout.isTTY === true),
    signal: io.interrupt,
  });
}

async function statusOf({ control, caller, clock, place }: Session, agent: Agent): Promise<ChatStatus> {
  const { snapshot, sites } = await control.summary(caller, { racks: false });
  return {
    principal: caller.principal,
    ...(caller.tenants === undefined ? {} : { tenants: caller.tenants }),
    agent: agent.name,
    seq: snapshot.seq,
    place,
    ...(clock.kind === 'set' ? { clockSet: snapshot.at } : {}),
    freeGpus: sites.reduce((sum, site) => sum + site.gpus.free, 0),
    totalGpus: sites.reduce((sum, site) => sum + site.gpus.total, 0),
  };
}
