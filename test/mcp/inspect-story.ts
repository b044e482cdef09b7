import { Readable } from 'node:stream';

import { z } from 'zod';

import { main } from '../../src/cli/main.ts';
/** One call of a tool through the Inspector: its exit code, and what it printed as JSON. */
type Ask = (tool: string, args: object) => Promise<{ readonly code: number; readonly out: string }>;

/** What answers are read for here; concise ones have no more. */
const Heard = z.object({
  sites: z.array(z.object({ id: z.string(), gpus: z.object({ free: z.number() }) })).default([]),
  total: z.number().default(0),
  decision: z.string().default('none'),
  replayed: z.boolean().default(false),
  plan: z.object({ id: z.string() }).optional(),
  approval: z.object({ id: z.string(), command: z.string() }).optional(),
  contract: z.object({ id: z.string(), state: z.string() }).optional(),
  operations: z.array(z.object({ id: z.string(), state: z.string() })).default([]),
  ok: z.boolean().default(false),
});
type Heard = z.infer<typeof Heard>;

type Told = { readonly home: string; readonly ask: Ask; readonly say: (line: string) => void };

/**
 * What an agent does from its first look to the end of a contract, through a client that Berth's authors did not write:
 * it looks, asks wrongly and mends it by the error, plans, commits, waits for a person, who says yes at a terminal with
 * the own key, has the record verified, and gives the contract back. Throws where the story goes another way.
 */
export async function tellStory(told: Told): Promise<void> {
  const say = (tool: string, args: object, heard: string) =>
    told.say(`  agent  ${tool} ${JSON.stringify(args)}\n         ${heard}\n`);
  const call = async (tool: string, args: object) => {
    const { code, out } = await told.ask(tool, args);
    if (code !== 0) throw new Error(`${tool}: exit ${code}: ${out.slice(0, 500)}`);
    return Answered.parse(JSON.parse(out)).result.structuredContent;
  };

  const summary = await call('inventory_summary', {});
  say('inventory_summary', {}, summary.sites.map(({ id, gpus }) => `${id} ${gpus.free} free`).join(', '));
  const where = { within: 'fra1', model: 'H100', minFreeGpus: 8, from: startsAt, limit: 5 };
  const { total } = await call('inventory_search', where);
  say('inventory_search', where, `${total} nodes`);

  const wrong = { demand: { ...demand, parts: [{ name: 'main', count: '2', each: { gpu: { count: 8 } } }] } };
  const { code, out } = await told.ask('placement_plan', wrong);
  expectThat(code === 5, `an error exits with 5, not ${code}`);
  const { content } = Failed.parse(JSON.parse(out)).result;
  const { error } = ErrorText.parse(JSON.parse(content[0].text));
  say('placement_plan', { demand: '…' }, `${error.code}: ${error.fix}`);

  const { plan } = await call('placement_plan', { demand });
  expectThat(plan !== undefined, 'a plan');
  say('placement_plan', { demand: '… mended' }, `planned ${plan?.id}`);
  const commit = { plan: plan?.id, idempotencyKey: 'story-commit-1', purpose: 'nightly scoring' };
  const asked = await call('contract_commit', commit);
  await waitsAndIsApproved(asked, commit, {
    home: told.home,
    print: told.say,
    call,
    say,
    tool: 'contract_commit',
  });

  const again = await call('contract_commit', commit);
  const contract = again.contract?.id;
  expectThat(again.decision === 'committed' && again.replayed, 'the same key is told what came of it');
  say('contract_commit', commit, `${again.decision} ${contract}, replayed`);
  await verified(call, say);

  const release = { contract, idempotencyKey: 'story-release-1', reason: 'done' };
  const released = await call('contract_release', release);
  await waitsAndIsApproved(released, release, {
    home: told.home,
    print: told.say,
    call,
    say,
    tool: 'contract_release',
  });
  const detail = await call('contract_get', { contract });
  expectThat(detail.contract?.state === 'released', 'the contract is released');
  say('contract_get', { contract }, `${contract} ${detail.contract?.state}`);
  await verified(call, say);
}

type Call = (tool: string, args: object) => Promise<Heard>;
type Say = (tool: string, args: object, heard: string) => void;
type Wait = {
  readonly home: string;
  readonly print: Told['say'];
  readonly call: Call;
  readonly say: Say;
  readonly tool: string;
};

const startsAt = '2026-11-30T00:00:00+01:00';
const demand = {
  tenant: 'globex',
  parts: [{ name: 'main', count: 2, each: { gpus: { count: 8, models: ['H100'], link: 'nvlink' } } }],
  where: ['fra1'],
  window: { earliestStart: startsAt, durationS: 86_400 },
};

const Answered = z.object({ result: z.object({ structuredContent: Heard }) });
const Failed = z.object({ result: z.object({ content: z.tuple([z.object({ text: z.string() })]) }) });
const ErrorText = z.object({ error: z.object({ code: z.string(), fix: z.string() }) });

/** The agent is told to wait, follows the operation, and a person decides. */
async function waitsAndIsApproved(
  { decision, approval }: Heard,
  args: object,
  { home, print, call, say, tool }: Wait,
): Promise<void> {
  expectThat(decision === 'pending_approval' && approval !== undefined, `${tool} waits: ${decision}`);
  say(tool, args, `${decision} ${approval?.id}: ${approval?.command}`);
  const operation = { operation: approval?.id };
  const { operations } = await call('operation_get', operation);
  say('operation_get', operation, `${operations[0]?.id} ${operations[0]?.state}`);
  const yes = ['approve', approval?.id ?? '', '--as', 'olga'];
  print(`  olga   berth ${yes.join(' ')}\n`);
  await atTerminal(yes, home, print);
}

/** What a person does at a terminal, who types the passphrase of the demo's public key. */
async function atTerminal(args: readonly string[], home: string, say: Told['say']): Promise<void> {
  const said = { stdout: '', stderr: '' };
  const code = await main(args, {
    stdin: Object.assign(Readable.from([Buffer.from('demo\n')]), { isTTY: true }),
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
    env: { BERTH_HOME: home, USER: 'olga' },
    interrupt: new AbortController().signal,
  });
  expectThat(code === 0, `berth ${args.join(' ')}: exit ${code}: ${said.stderr}`);
  say(`         ${said.stdout.trim().split('\n').at(-2) ?? ''}\n`);
}

async function verified(call: Call, say: Say): Promise<void> {
  const { ok } = await call('ledger_verify', {});
  expectThat(ok, 'the ledger verifies');
  say('ledger_verify', {}, 'ok');
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the story goes another way: ${what}`);
}
