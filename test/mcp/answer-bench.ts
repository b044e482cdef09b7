/**
 * How large answers are that an agent gets without asking for more, and where it asks for all there is: every default
 * tool with drawn arguments on 80,000 GPUs with many contracts, in tokens (o200k) and in bytes by four.
 * `npm run bench:answers -- --contracts 150 --calls 40 --seed 7`.
 */
import { parseArgs } from 'node:util';

import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

import { operator } from '../../evals/runner/deed.ts';
import { Stage } from '../../evals/runner/scene.ts';
import { Task } from '../../evals/runner/task.ts';
import { Random } from '../../src/bench/random.ts';
import { quantile } from '../../src/bench/speed.ts';
import { callTool } from '../../src/mcp/call.ts';
import { type JsonObject, sizeBytes } from '../../src/mcp/json.ts';
import { toolsOf, usualToolsets } from '../../src/mcp/toolset.ts';
import { tools } from '../../tools/index.ts';

const { values } = parseArgs({
  options: {
    contracts: { type: 'string', default: '150' },
    calls: { type: 'string', default: '40' },
    seed: { type: 'string', default: '7' },
  },
});
for (const word of Object.values(values))
  if (!/^[1-9]\d{0,8}$/.test(word)) throw new Error(`\`${word}\` is no whole number above 0`);

const random = new Random(Number(values.seed));
const day = 86_400;
const scene = await new Stage().open(
  Task.parse({
    id: 'answer-bench',
    area: 'scale',
    difficulty: 'hard',
    world: 'ten-thousand',
    actor: { as: 'person:ada' },
    turns: [{ say: 'how large are answers?' }],
    end: {},
  }),
);

/** What was made or named in answers before: ids that exist, of every kind. */
const known = {
  plans: Array<string>(),
  contracts: ['C-101', 'C-102'],
  operations: ['C-101.1'],
  places: [
    'brg1',
    'tll2',
    'brg1/a',
    'tll2/c',
    'brg1/b/b07',
    'tll2/a/a01',
    'brg1/c/c03/n07',
    'tll2/a/a01/n02',
  ],
};

type Args = Readonly<Record<string, unknown>>;
type Said = {
  readonly ok: boolean;
  readonly bytes: number;
  readonly tokens: number;
  readonly content: JsonObject;
};

async function ask(tool: string, args: Args): Promise<Said> {
  const answer = await callTool(tools, tool, args, {
    control: scene.control,
    caller: operator,
    stopping: AbortSignal.abort(),
    log: (level, event, about) => {
      if (level === 'error') throw new Error(`${event} ${JSON.stringify(about)}`);
    },
  });
  const content: JsonObject = answer.ok ? answer.content : { error: answer.error.message };
  return { ok: answer.ok, bytes: sizeBytes(content), tokens: countTokens(JSON.stringify(content)), content };
}

function pick<T>(all: readonly T[]): T {
  const one = all[random.below(all.length)];
  if (one === undefined) throw new Error('nothing to draw from');
  return one;
}

const some = (share: number, args: Args): Args => (random.below(100) < share ? args : {});
const instant = () => new Date(scene.control.clock.nowMs() + day * 1000 * random.below(40)).toISOString();

function demand(): Args {
  const [model, where] = pick([
    ['H100-SXM-80GB', 'brg1'],
    ['B200-SXM-180GB', 'tll2'],
  ] as const);
  const gpus = { count: pick([1, 2, 4, 8, 8, 8]), models: [model], ...some(30, { link: 'nvlink' }) };
  return {
    tenant: pick(['orbit', 'quasar', 'orbit']),
    parts: [{ name: 'work', count: pick([1, 1, 2, 4, 16, 40, 5000]), each: { gpus } }],
    ...some(40, { where: [where] }),
    ...some(10, { rules: { countries: ['NO'] } }),
    window: { earliestStart: instant(), durationS: day * (1 + random.below(20)) },
  };
}

/** Arguments as agents send them, for every default tool; `all` asks for everything that the tool can tell. */
const draws: Readonly<Record<string, (all: Args) => Args>> = {
  approval_list: () => some(50, { all: true }),
  contract_change: () => ({
    contract: pick(known.contracts),
    change: pick<Args>([{ extendS: day }, { avoid: [pick(known.places)] }, { replicas: { work: 3 } }]),
  }),
  contract_commit: () => ({ plan: pick(known.plans), idempotencyKey: `answers-${random.below(1e9)}` }),
  contract_get: (all) => ({ contract: pick(known.contracts), ...formatIn(all) }),
  contract_release: () => ({
    contract: pick(known.contracts.slice(2)),
    idempotencyKey: `answers-${random.below(1e9)}`,
  }),
  contract_search: (all) => ({
    ...some(30, { within: pick(known.places) }),
    ...some(30, { tenant: 'orbit' }),
    ...all,
  }),
  event_search: (all) => ({ ...some(40, { within: pick(known.places) }), ...all }),
  inventory_get: (all) => ({
    ids: Array.from({ length: 1 + random.below(3) }, () => pick(known.places)),
    ...('limit' in all ? { devices: true, responseFormat: 'detailed' } : some(50, { devices: true })),
  }),
  inventory_search: (all) => ({
    ...some(40, { within: pick(known.places) }),
    ...some(30, { minFreeGpus: pick([1, 4, 8]) }),
    ...some(20, { from: instant() }),
    ...all,
  }),
  inventory_summary: (all) => ('limit' in all ? { detail: 'racks' } : some(30, { at: instant() })),
  ledger_search: (all) => ({ ...some(30, { contract: pick(known.contracts) }), ...all }),
  ledger_verify: () => ({ contract: pick(known.contracts.slice(-1)) }),
  operation_get: (all) => ({ ...some(30, { operation: pick(known.operations) }), ...limitIn(all) }),
  placement_explain: (all) => ({
    ...pick<Args>([{ contract: pick(known.contracts) }, { plan: pick(known.plans) }, { demand: demand() }]),
    ...formatIn(all),
  }),
  placement_plan: (all) => ({ demand: demand(), ...formatIn(all) }),
  placement_simulate: () => ({ lose: Array.from({ length: 1 + random.below(2) }, () => pick(known.places)) }),
  policy_check: () =>
    pick<Args>([{ tenant: pick(['orbit', 'quasar']) }, { contract: pick(known.contracts) }]),
  template_search: (all) => ({ ...some(50, { text: 'train' }), ...all }),
};

function limitIn({ limit }: Args): Args {
  return limit === undefined ? {} : { limit };
}

function formatIn({ responseFormat }: Args): Args {
  return responseFormat === undefined ? {} : { responseFormat };
}

/** Plans and commits as agents do, so that there is something to list. */
async function fill(count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    const { content } = await ask('placement_plan', { demand: demand() });
    const plan = idIn(content['plan']);
    if (plan === undefined) continue;
    known.plans.push(plan);
    const { content: done } = await ask('contract_commit', { plan, idempotencyKey: `fill-${made}` });
    const contract = idIn(done['contract']);
    if (contract !== undefined) {
      known.contracts.push(contract);
      known.operations.push(`${contract}.1`);
    }
  }
}

function idIn(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
    ? value.id
    : undefined;
}

type Sizes = { readonly tokens: number[]; readonly bytes: number[]; failed: number };

function at(all: readonly number[], perMille: number): number {
  return quantile(Float64Array.from(all).toSorted(), perMille);
}

function row(name: string, { tokens, bytes, failed }: Sizes): string {
  const cells = [500, 990, 1000].map((share) => String(at(tokens, share)).padStart(6));
  const quarters = [500, 990, 1000].map((share) => String(Math.ceil(at(bytes, share) / 4)).padStart(6));
  const errors = failed === 0 ? '' : `  (${failed} errors)`;
  return `  ${name.padEnd(18)} tokens ${cells.join(' ')}   bytes/4 ${quarters.join(' ')}${errors}\n`;
}

async function measure(title: string, all: Args, callCount: number): Promise<void> {
  process.stdout.write(`${title}: p50, p99, max of ${callCount} calls of each tool\n`);
  const every: Sizes = { tokens: [], bytes: [], failed: 0 };
  for (const { name } of toolsOf(tools, { sets: usualToolsets, readOnly: false })) {
    const draw = draws[name];
    if (draw === undefined) throw new Error(`nothing is drawn for ${name}`);
    const own: Sizes = { tokens: [], bytes: [], failed: 0 };
    // It makes every decision again, and says the same each time.
    const count = name === 'ledger_verify' ? 1 : callCount;
    for (let call = 0; call < count; call++) {
      const said = await ask(name, draw(all));
      own.tokens.push(said.tokens);
      own.bytes.push(said.bytes);
      if (!said.ok) own.failed += 1;
    }
    if (own.failed === count && count > 5) throw new Error(`no call of ${name} was answered`);
    every.tokens.push(...own.tokens);
    every.bytes.push(...own.bytes);
    every.failed += own.failed;
    process.stdout.write(row(name, own));
  }
  process.stdout.write(row('all', every));
}

await fill(Number(values.contracts));
const { total } = await ask('contract_search', { limit: 1 }).then(({ content }) => content);
process.stdout.write(`ten-thousand: 80,000 GPUs, ${JSON.stringify(total)} contracts, seed ${values.seed}\n`);
await measure('as they come', {}, Number(values.calls));
await measure(
  'all there is',
  { limit: 200, responseFormat: 'detailed' },
  Math.ceil(Number(values.calls) / 4),
);
await scene.control.close();
