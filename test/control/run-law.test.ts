import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { rehearse } from '../../src/ledger/rehearsal.ts';
import { Path, type RunId, TenantId } from '../../src/model/id.ts';
import { openDesk, operator, wish } from './desk.ts';
import { begun, freshKey, hire } from './runs.ts';

vi.setConfig({ testTimeout: 300_000 });

/** What an agent tries in a run, one after the other. */
const tries = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('commit' as const),
      gpus: fc.integer({ min: 1, max: 4 }),
      hours: fc.integer({ min: 1, max: 20 }),
      day: fc.integer({ min: 26, max: 29 }),
      tenant: fc.constantFrom('globex', 'globex', 'globex', 'acme'),
      where: fc.constantFrom('fra1/h1/r12', 'fra1/h1/r12', 'fra1/h1/r12', 'ams2', 'iad3'),
    }),
    fc.record({
      kind: fc.constant('extend' as const),
      which: fc.nat({ max: 3 }),
      hours: fc.integer({ min: 1, max: 30 }),
    }),
    fc.record({ kind: fc.constant('release' as const), which: fc.nat({ max: 3 }) }),
  ),
  { minLength: 2, maxLength: 7 },
);

type Try = typeof tries extends fc.Arbitrary<(infer T)[]> ? T : never;

const worlds = fc.record({
  mandateEur: fc.integer({ min: 50, max: 900 }),
  budgetCents: fc.integer({ min: 1, max: 60_000 }),
  gpus: fc.integer({ min: 4, max: 16 }),
  steps: fc.integer({ min: 1, max: 6 }),
  tries,
});

/**
 * Whatever an agent tries in a run: what its contracts cost, by their own prices and beside what the run counted, stays
 * within budget and mandate, every deed lies at the mandate's places and for its tenant, and a replay agrees.
 */
test('what a run costs stays within its budget, and all it does within its mandate', async () => {
  const desk = await openDesk();
  const seen = { done: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const ledger = await rehearse(desk.ledger);
      const control = createControl({ ledger, clock: { kind: 'set', nowMs: () => desk.clock.atMs } });
      const { mandate, caller } = await hire({ ...desk, control }, 'drawn', {
        tenants: [TenantId.parse('globex')],
        sites: [Path.parse('fra1')],
        gpus: world.gpus,
        spendMicroEur: world.mandateEur * 1_000_000,
        commandsPerMinute: 600,
      });
      const spendMicroEur = world.budgetCents * 10_000;
      const run = await begun({ control }, { spendMicroEur, steps: world.steps }, { mandate, caller });
      for (const one of world.tries) await attempt(control, { ...caller, run }, one);
      const { done, refused } = await expectWithin(control, run, { ...world, spendMicroEur });
      seen.done += done;
      seen.refused += refused;
    }),
    { numRuns: 25, seed: 7 },
  );
  // A law about nothing would hold too.
  expect(Math.min(seen.done, seen.refused)).toBeGreaterThan(10);
});

type Control = ReturnType<typeof createControl>;

async function ownOf(control: Control, run: RunId) {
  const { lines } = await control.run(operator, run);
  const ids = new Set(lines.flatMap(({ contract }) => contract ?? []));
  const { contracts } = await control.contracts(operator, { limit: 200 });
  return contracts.filter(({ id }) => ids.has(id));
}

async function attempt(control: Control, caller: Caller & { readonly run: RunId }, one: Try): Promise<void> {
  if (one.kind === 'commit') {
    const { gpus, hours, day, tenant, where } = one;
    const models = where === 'ams2' ? ['H200'] : ['H100'];
    const demand = wish({ gpus, hours, tenant, models, where: [where], start: `2026-11-${day}T00:00:00Z` });
    const { plan } = await control.plan(operator, demand);
    // A plan of a tenant that it may not act for is none of its business, and planned by somebody else all the same.
    if (plan !== undefined) await control.commit(caller, { plan: plan.id, idemKey: freshKey() });
    return;
  }
  const own = await ownOf(control, caller.run);
  const contract = own[one.which % Math.max(1, own.length)]?.id;
  if (contract === undefined) return;
  if (one.kind === 'release') return void (await control.release(caller, { contract, idemKey: freshKey() }));
  const { plan } = await control.planChange(operator, { contract, change: { extendS: one.hours * 3600 } });
  if (plan !== undefined) await control.commit(caller, { plan: plan.id, idemKey: freshKey() });
}

type Limits = {
  readonly spendMicroEur: number;
  readonly mandateEur: number;
  readonly gpus: number;
  readonly steps: number;
};

async function expectWithin(
  control: Control,
  run: RunId,
  limits: Limits,
): Promise<{ readonly done: number; readonly refused: number }> {
  const own = await ownOf(control, run);
  const costMicroEur = own.reduce((sum, { price }) => sum + (price.totalMicroEur ?? 0), 0);
  const { run: view, lines } = await control.run(operator, run);
  expect(costMicroEur).toBeLessThanOrEqual(view.spentMicroEur);
  expect(view.spentMicroEur).toBeLessThanOrEqual(
    Math.min(limits.spendMicroEur, limits.mandateEur * 1_000_000),
  );
  for (const { tenant, sites } of own) expect([tenant, sites]).toEqual(['globex', ['fra1']]);
  const deeds = lines.filter(({ kind }) => kind === 'deed');
  const refused = deeds.filter(({ decision }) => decision === 'refused').length;
  expect(deeds.length - refused).toBeLessThanOrEqual(limits.steps);
  return { done: deeds.length - refused, refused };
}
