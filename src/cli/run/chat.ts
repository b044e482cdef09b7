import { text } from 'node:stream/consumers';

import type { Agent, Toolbox } from '../../agent/agent.ts';
import { journaled } from '../../agent/journal.ts';
import { runHeadless } from '../../chat/headless.ts';
import { runInk } from '../../chat/ink.ts';
import { createLookups } from '../../chat/look.ts';
import { chooseFrontEnd, type FrontEnd, isSpoken } from '../../chat/mode.ts';
import { runPlain } from '../../chat/plain.ts';
import { paintOf } from '../../chat/render.ts';
import type { Resumed, Sessions } from '../../chat/sessions.ts';
import type { StatusReader } from '../../chat/status.ts';
import type { InventorySummary } from '../../model/inventory-view.ts';
import type { ChatRecorder } from '../chat-recorder.ts';
import { columnsOf, type Io } from '../io.ts';
import { outsideEditor } from '../outside-editor.ts';
import { type Loading, openLedger } from '../session.ts';
import type { Common } from '../words.ts';
import { withAgent } from './agent.ts';
import { historyOf, inSession, recorderOf, type RecordingOptions, resumedBy } from './chat-recording.ts';
import { sessionsOf } from './chat-sessions.ts';

export type ChatOptions = Common &
  RecordingOptions & {
    readonly prompt?: string | true;
    readonly output?: 'text' | 'json' | 'stream-json';
    readonly plain?: boolean;
    readonly pseudonyms?: string;
  };

/** The chat, in the front end that fits the surroundings: an MCP client of a server in the same process. */
export async function chat(given: Io, options: ChatOptions): Promise<number> {
  const { pseudonyms } = options;
  const said = pseudonyms === undefined ? {} : { BERTH_PSEUDONYMS: pseudonyms };
  const io = { ...given, env: { ...given.env, ...said } };
  const front = frontEnd(io, options);
  const opened = await openLedger(io, { ...options, client: 'berth-chat' }, 'demo');
  // A screen is shown first, unless it is to begin with what was said before: what decides loads under the eyes.
  const shown = Promise.withResolvers<void>();
  const resumes = options.resume !== undefined || options.continue === true;
  if (front.kind !== 'ink' || resumes) shown.resolve();
  const session = { ...opened, control: shown.promise.then(opened.control) };
  try {
    return await withAgent(io, session, async (agent, toolbox, prompt) => {
      const recorder = recorderOf(io, session, { options, front, reader: agent.name, prompt });
      const sessions = sessionsOf({ session, agent, recorder });
      const resumed = await resumedBy(session, sessions, options);
      return talk(io, {
        session,
        agent: journaled(agent, recorder),
        recorder,
        toolbox,
        sessions,
        resumed,
        options,
        front,
        onShown: shown.resolve,
      });
    });
  } finally {
    shown.resolve();
    await (await session.control).close();
  }
}

type Talk = {
  readonly session: Loading;
  readonly agent: Agent;
  readonly recorder: ChatRecorder;
  readonly toolbox: Toolbox;
  readonly sessions: Sessions;
  readonly resumed: Resumed | undefined;
  readonly options: ChatOptions;
  readonly front: FrontEnd;
  readonly onShown: () => void;
};

function frontEnd(io: Io, options: ChatOptions): FrontEnd {
  return chooseFrontEnd({
    stdinIsTty: io.stdin.isTTY === true,
    stdoutIsTty: io.stdout.isTTY === true,
    env: io.env,
    prompt: options.prompt !== undefined,
    plain: options.plain === true,
  });
}

async function talk(io: Io, all: Talk): Promise<number> {
  const { session, agent, recorder, toolbox, sessions, resumed, front } = all;
  const { control, caller } = session;
  const common = {
    agent,
    status: statusReader(session, agent, recorder),
    lookups: inSession(
      recorder,
      createLookups({
        toolbox,
        picture: async (place, window) =>
          (await control).pictures(caller, { ...window, ...(place !== '' && { of: place }) }),
      }),
    ),
    sessions,
    ...(resumed !== undefined && { resumed }),
    ...paintOf(io.env, io.stdout.isTTY === true),
  };
  switch (front.kind) {
    case 'headless':
      return headless(io, all);
    case 'plain':
      return runPlain({
        ...common,
        input: io.stdin,
        output: io.stdout,
        errors: io.stderr,
        columns: columnsOf(io),
        spoken: isSpoken(io.env),
        interrupt: io.interrupt,
      });
    case 'ink':
      return runInk({
        ...common,
        ...outsideEditor(io),
        history: historyOf(io, session, all.options),
        onShown: all.onShown,
      });
    default:
      return front satisfies never;
  }
}

/** `-p` with a prompt, or with none: then stdin is the prompt. */
async function headless(io: Io, { session, agent, recorder, options }: Talk): Promise<number> {
  const prompt =
    options.prompt === true || options.prompt === undefined ? await text(io.stdin) : options.prompt;
  return runHeadless({
    agent,
    prompt,
    output: options.output ?? (options.json === true ? 'json' : 'text'),
    head: async () => (await session.control).head(),
    session: () => recorder.session,
    stdout: io.stdout,
    stderr: io.stderr,
    columns: columnsOf(io),
    paint: paintOf(io.env, io.stdout.isTTY === true),
    signal: io.interrupt,
  });
}

/** Says what the agent is now, and what it was at first: a model that failed is named as long as another stands in. */
function statusReader(
  { control, caller, clock, place }: Loading,
  agent: Agent,
  recorder: ChatRecorder,
): StatusReader {
  const first = agent.name;
  return async () => {
    const { snapshot, sites, racks = [] } = await (await control).summary(caller, { racks: true });
    return {
      principal: caller.principal,
      ...(caller.tenants === undefined ? {} : { tenants: caller.tenants }),
      sites: sites.map(({ id }) => id),
      agent: agent.name,
      ...(agent.name === first ? {} : { insteadOf: first }),
      ...(agent.used === undefined ? {} : { used: agent.used }),
      seq: snapshot.seq,
      ...(recorder.session === undefined ? {} : { session: recorder.session }),
      ...(recorder.off === undefined ? {} : { unrecorded: recorder.off }),
      place,
      ...(snapshot.readOnly === undefined ? {} : { readOnly: snapshot.readOnly }),
      ...(clock.kind === 'set' ? { clockSet: snapshot.at } : {}),
      freeGpus: sites.reduce((sum, site) => sum + site.gpus.free, 0),
      totalGpus: sites.reduce((sum, site) => sum + site.gpus.total, 0),
      ...freePower(racks),
    };
  };
}

/** Unknown where no rack says how much it may draw. */
function freePower(racks: NonNullable<InventorySummary['racks']>): { readonly freeW?: number } {
  const left = racks.flatMap(({ powerLimitW, powerReservedW }) =>
    powerLimitW === undefined ? [] : [Math.max(0, powerLimitW - powerReservedW)],
  );
  return left.length === 0 ? {} : { freeW: left.reduce((sum, watts) => sum + watts, 0) };
}
