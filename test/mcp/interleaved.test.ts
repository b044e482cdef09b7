import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { expect, test } from 'vitest';

import { callTool } from '../../src/mcp/call.ts';
import { tools } from '../../tools/index.ts';
import { limitedTo, openDesk, wish } from '../control/desk.ts';

const callers = { acme: limitedTo('acme'), globex: limitedTo('globex'), all: limitedTo('acme', 'globex') };

/** Questions that would be answered otherwise if a server kept a site, a tenant or a page of whoever asked before. */
const questions: readonly (readonly [tool: string, args: object])[] = [
  ['inventory_summary', {}],
  ['inventory_search', { within: 'fra1', limit: 2 }],
  ['inventory_search', { within: 'ams2', limit: 2, labels: true }],
  ['inventory_search', { limit: 3 }],
  ['contract_search', { limit: 1 }],
  ['contract_search', { within: 'fra1' }],
  ['contract_get', { contract: 'C-101' }],
  ['contract_get', { contract: 'C-102' }],
  ['placement_plan', { demand: wish({ tenant: 'acme' }) }],
  ['placement_plan', { demand: wish({ tenant: 'globex', where: ['iad3'] }) }],
  ['placement_simulate', { lose: ['fra1/h1/r12'] }],
  ['policy_check', { tenant: 'acme' }],
  ['policy_check', { tenant: 'globex', sites: ['iad3'] }],
  ['ledger_search', { limit: 2 }],
  ['approval_list', { all: true }],
];

const asking = record({
  who: constantFrom('acme', 'globex', 'all'),
  what: integer({ min: 0, max: questions.length - 1 }),
});

test(
  'what one caller is told does not depend on who else asks what in between',
  { timeout: 180_000 },
  async () => {
    const { control } = await openDesk();
    const answer = async ({ who, what }: { who: 'acme' | 'globex' | 'all'; what: number }) => {
      const [tool = '', args = {}] = questions[what] ?? [];
      const plain: unknown = JSON.parse(JSON.stringify(args));
      const caller = { ...callers[who], client: `of-${who}` };
      return JSON.stringify(await callTool(tools, tool, plain, { control, caller, log: () => undefined }));
    };
    const alone = new Map<string, string>();
    for (const who of ['acme', 'globex', 'all'] as const)
      for (const what of questions.keys()) alone.set(`${who} ${what}`, await answer({ who, what }));
    expect(new Set(alone.values()).size).toBeGreaterThan(questions.length * 1.5);
    await assert(
      asyncProperty(array(asking, { minLength: 4, maxLength: 12 }), async (asked) => {
        const said = await Promise.all(asked.map(answer));
        expect(said).toEqual(asked.map(({ who, what }) => alone.get(`${who} ${what}`)));
      }),
      { seed: 3, numRuns: 30 },
    );
  },
);
