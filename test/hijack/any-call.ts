import { anything, type Arbitrary, array, constantFrom, nat, oneof, record, string, tuple } from 'fast-check';

import { tools } from '../../tools/index.ts';
import { wish } from '../control/desk.ts';

/** What a terminal or a model could act on. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Words that mean something to Berth, so that calls get past the schemas, and words that mean to hurt. */
const words = constantFrom(
  'fra1',
  'fra1/h1/r12/n03',
  'C-101',
  'C-999',
  'acme',
  'H100',
  'plan-0123456789abcdef',
  'agent:ops-bot',
  'A-1',
  'fuzzed-key-1',
  '2026-11-26T00:00:00+01:00',
  '2026-11-31T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '\u001b[31mred\u001b[0m',
  '\u202eevil\u202c',
  'a\ufe0f\u{e0041}\u0085b\u2028c',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '{"$ne":null}',
  "'; DROP TABLE entry; --",
  '\ud800',
  'a'.repeat(5000),
);

const numbers = constantFrom(0, 1, -1, 2, 8, 1.5, 1e9, 2 ** 53, -0, NaN, Infinity, 50, 86_400);

const demand = record(
  {
    tenant: oneof(words, string()),
    parts: array(
      record(
        {
          name: words,
          count: numbers,
          each: record({ gpus: record({ count: numbers, models: array(words, { maxLength: 2 }) }) }),
        },
        { requiredKeys: ['name'] },
      ),
      { maxLength: 3 },
    ),
    where: array(words, { maxLength: 2 }),
    window: record({ earliestStart: words, durationS: numbers, latestStart: words }, { requiredKeys: [] }),
    rules: anything({ maxDepth: 2 }),
    survive: anything({ maxDepth: 2 }),
  },
  { requiredKeys: [] },
);

/** A demand that holds, with one thing put over it. */
const nearly = record({ key: words, value: oneof(numbers, words) }).map(({ key, value }) => ({
  ...wish({ tenant: 'acme' }),
  [key]: value,
}));

const value: Arbitrary<unknown> = oneof(
  { weight: 4, arbitrary: words },
  { weight: 2, arbitrary: numbers },
  array(words, { maxLength: 4 }),
  anything({ maxDepth: 3 }),
  demand,
  nearly,
);

/** Calls that are right, of which some fields are spoilt. */
const right: readonly (readonly [string, Record<string, unknown>])[] = [
  ['approval_list', { all: true }],
  ['contract_change', { contract: 'C-105', change: { extendS: 3600 } }],
  ['contract_commit', { plan: 'plan-0123456789abcdef', idempotencyKey: 'fuzzed-key-1' }],
  ['contract_get', { contract: 'C-101' }],
  ['contract_release', { contract: 'C-999', idempotencyKey: 'fuzzed-key-2' }],
  ['contract_search', { limit: 5, within: 'fra1' }],
  ['event_search', { within: 'fra1', limit: 5 }],
  ['operation_get', { operation: 'A-1', waitS: 50 }],
  ['template_search', { text: 'train', limit: 3 }],
  ['placement_plan', { template: 'fine-tune', parameters: { tenant: 'acme', gpus: 8 } }],
  ['inventory_get', { ids: ['fra1', 'fra1/h1/r12/n03'], devices: true }],
  ['inventory_search', { model: 'H100', within: 'fra1', limit: 3, labels: true, text: 'n0' }],
  ['inventory_summary', {}],
  ['ledger_search', { limit: 5 }],
  ['maintenance_plan', { places: ['fra1/h1/r12/n03'] }],
  [
    'maintenance_start',
    {
      place: 'fra1/h1/r12/n03',
      from: '2026-12-20T00:00:00Z',
      to: '2026-12-20T06:00:00Z',
      reason: 'fuzz',
      idempotencyKey: 'fuzzed-key-3',
    },
  ],
  ['placement_explain', { contract: 'C-105' }],
  ['placement_explain', { demand: wish({ tenant: 'acme' }) }],
  ['placement_plan', { demand: wish({ tenant: 'acme' }) }],
  ['placement_simulate', { lose: ['fra1/h1/r12'] }],
  ['policy_check', { tenant: 'acme' }],
];

const spoilt = tuple(constantFrom(...right), array(tuple(nat(), value), { maxLength: 2 })).map(
  ([[name, args], changes]) => {
    const keys = Object.keys(tools.find((tool) => tool.name === name)?.input.shape ?? {});
    const fresh = changes.map(([at, other]) => [keys[at % keys.length] ?? 'other', other] as const);
    return { name, args: plain({ ...args, ...Object.fromEntries(fresh) }) };
  },
);

/** Spoilt calls, and calls of any tool with anything in any field. */
export const anyCall = oneof(
  { weight: 20, arbitrary: spoilt },
  ...tools.map(({ name, input }) => {
    const own = Object.fromEntries(Object.keys(input.shape).map((key) => [key, value]));
    const args = record({ ...own, other: value }, { requiredKeys: [] });
    return { weight: 1, arbitrary: args.map((each) => ({ name, args: plain(each) })) };
  }),
  { weight: 1, arbitrary: record({ name: words, args: anything({ maxDepth: 3 }) }) },
);

/** As JSON would carry it; what JSON cannot carry stays as it is, for callers in the same process. */
function plain(args: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(args));
  } catch {
    return args;
  }
}

/** Keys and texts of an answer that hold a character which acts. */
export function actingIn(said: string): readonly string[] {
  const found: string[] = [];
  JSON.parse(said, (key, part: unknown) => {
    for (const text of [key, part]) if (typeof text === 'string' && unsafe.test(text)) found.push(text);
    return part;
  });
  return found;
}
