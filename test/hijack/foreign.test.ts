import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { callTool } from '../../src/mcp/call.ts';
import { tools } from '../../tools/index.ts';
import { type Desk, limitedTo, openDesk, planned, wish } from '../control/desk.ts';

/** Words that stand in what belongs to others, and nowhere else. */
const foreign = /Globex|Initech|vision pre-training|fraud model|nightly batch|person:(?:hank|peter)/;

const digits = fc.nat({ max: 400 });

/** Ids of everything there is and of much that there is not, right and garbled. */
const idOf = (plans: readonly string[]) =>
  fc.oneof(
    digits.map((n) => `C-${n}`),
    digits.map((n) => `MW-${n}`),
    digits.map((n) => `A-${n}`),
    digits.map((n) => `M-${n}`),
    fc.constantFrom(
      ...plans,
      'globex',
      'initech-bank',
      'fra1/h1/r12/n01',
      'ams2/h1/a01',
      '../globex',
      'C-0102',
    ),
    fc.string({ maxLength: 12 }),
  );

const cursorOf = (plans: readonly string[]) =>
  fc.oneof(
    idOf(plans),
    fc
      .record({ after: idOf(plans), tenant: fc.constantFrom('globex', 'acme', '*'), offset: digits })
      .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  );

/** A call of any tool, with an id of any kind wherever one may stand. */
function anyCall(plans: readonly string[]): fc.Arbitrary<{ tool: string; args: Record<string, unknown> }> {
  const id = idOf(plans);
  const keys = [
    'contract',
    'plan',
    'tenant',
    'within',
    'text',
    'id',
    'approval',
    'subject',
    'principal',
  ] as const;
  return fc.record({
    tool: fc.constantFrom(...tools.map(({ name }) => name)),
    args: fc
      .record(
        {
          ...Object.fromEntries(keys.map((name) => [name, id])),
          operation: fc.oneof(id, fc.constantFrom('C-102.1', 'C-103.1', 'A-1', 'A-2', 'MW-1')),
          ids: fc.array(id, { maxLength: 3 }),
          lose: fc.array(id, { maxLength: 2 }),
          places: fc.array(id, { maxLength: 2 }),
          cursor: cursorOf(plans),
          idempotencyKey: fc.constant('fuzz-of-tenants'),
        },
        { requiredKeys: [] },
      )
      .map((args): Record<string, unknown> => args),
  });
}

async function ask(desk: Desk, tool: string, args: Record<string, unknown>): Promise<string> {
  const known = tools.find(({ name }) => name === tool);
  const keys = new Set(Object.keys(known?.input.shape ?? {}));
  const fitting = Object.fromEntries(Object.entries(args).filter(([name]) => keys.has(name)));
  const answer = await callTool(tools, tool, fitting, {
    control: desk.control,
    stopping: AbortSignal.abort(),
    caller: { ...limitedTo('acme'), client: 'fuzz' },
    log: () => undefined,
  });
  return JSON.stringify(answer);
}

test(
  'whatever id or cursor acme tries, it reads nothing of another tenant and ends nothing',
  { timeout: 120_000 },
  async () => {
    const desk = await openDesk();
    const theirs = [await planned(desk, wish()), await planned(desk, wish({ where: ['iad3'] }))].map(
      ({ id }) => id,
    );
    const { seq } = await desk.control.head();
    await fc.assert(
      fc.asyncProperty(anyCall(theirs), async ({ tool, args }) => {
        const said = await ask(desk, tool, args);
        expect(said).not.toMatch(foreign);
        expect(said).not.toMatch(/"code":"INTERNAL"/);
      }),
      { numRuns: 1500, seed: 4 },
    );
    const written = await desk.ledger.read(seq, 100);
    expect(written.filter(({ tenant }) => tenant !== 'acme')).toEqual([]);
  },
);

test('a foreign id is answered as one that does not exist', async () => {
  const desk = await openDesk();
  const { id } = await planned(desk, wish());
  const pairs: readonly [string, string, string, string][] = [
    ['contract_get', 'contract', 'C-102', 'C-999'],
    ['contract_release', 'contract', 'C-103', 'C-998'],
    ['placement_explain', 'contract', 'C-104', 'C-997'],
    ['placement_explain', 'plan', id, 'plan-0123456789abcdef'],
    ['contract_commit', 'plan', id, 'plan-0123456789abcdef'],
  ];
  for (const [tool, field, theirs, nobodys] of pairs) {
    const key = { idempotencyKey: 'foreign-key' };
    const one = await ask(desk, tool, { ...key, [field]: theirs });
    const other = await ask(desk, tool, { ...key, [field]: nobodys });
    expect(mask(one)).toBe(mask(other));
    expect(one).toContain('NOT_FOUND');
  }
});

function mask(text: string): string {
  return text.replaceAll(/C-\d+|plan-[0-9a-f]{16}/g, 'ID');
}
