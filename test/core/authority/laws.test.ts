import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { emptyAuthority } from '../../../src/core/authority/authority.ts';
import { intersect } from '../../../src/core/authority/mandates.ts';
import { recordAuthority } from '../../../src/core/authority/records.ts';
import { applyAll, emptyState, type State } from '../../../src/core/state.ts';
import { Mandate, MandateWish, Principal } from '../../../src/model/authority.ts';
import { MandateId, PrincipalId, TenantId } from '../../../src/model/id.ts';
import { Tenant } from '../../../src/model/tenant.ts';

const tools = ['contract_commit', 'contract_change', 'contract_release', 'plan_hold'];
const tenants = ['acme', 'globex', 'initech'];
const places = ['fra1', 'fra1/h1', 'fra1/h1/r11', 'fra1/h1/r12', 'fra10', 'ams2', 'ams2/h1/a01'];
const sponsor = PrincipalId.parse('person:sven');

const some = <T>(items: readonly T[]) => fc.subarray([...items], { minLength: 1 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** A wish with any limits, small enough that chains of them meet. */
const wish = fc
  .record({
    tools: some(tools),
    tenants: some(tenants),
    sites: maybe(some(places)),
    gpus: maybe(fc.integer({ min: 1, max: 40 })),
    gpuSeconds: maybe(fc.integer({ min: 0, max: 4000 })),
    spendMicroEur: maybe(fc.integer({ min: 0, max: 4000 })),
    blastGpus: maybe(fc.integer({ min: 1, max: 40 })),
    commandsPerMinute: maybe(fc.integer({ min: 1, max: 60 })),
    expiresAtMs: fc.integer({ min: 1000, max: 2000 }),
  })
  .map((limits) => MandateWish.parse({ agent: 'agent:a', sponsor, ...withoutAbsent(limits) }));

/** Small more often than not, so that chains let some of them pass. */
function mostlySmall(max: number) {
  return fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: Math.floor(max / 40) }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max }) },
  );
}

/** What somebody may want to do: one point for every limit. */
const deed = fc.record({
  tool: fc.constantFrom(...tools),
  tenant: fc.constantFrom(...tenants),
  place: fc.constantFrom(...places, 'fra1/h1/r11/n01', 'ams2/h1/a01/n03', 'iad3/h1/b01/n01'),
  gpus: mostlySmall(45),
  gpuSeconds: mostlySmall(4500),
  spendMicroEur: mostlySmall(4500),
  blastGpus: mostlySmall(45),
  commandsPerMinute: mostlySmall(65),
  atMs: mostlySmall(2100),
});
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

function within(most: number | undefined, value: number): boolean {
  return most === undefined || value <= most;
}

/** Whether a mandate lets somebody do it, read off the mandate limit by limit, in the test's own words. */
function permits(mandate: MandateWish, asked: Deed): boolean {
  return (
    mandate.tools.includes(asked.tool) &&
    mandate.tenants.some((tenant) => tenant === asked.tenant) &&
    (mandate.sites === undefined || mandate.sites.some((site) => `${asked.place}/`.startsWith(`${site}/`))) &&
    within(mandate.gpus, asked.gpus) &&
    within(mandate.gpuSeconds, asked.gpuSeconds) &&
    within(mandate.spendMicroEur, asked.spendMicroEur) &&
    within(mandate.blastGpus, asked.blastGpus) &&
    within(mandate.commandsPerMinute, asked.commandsPerMinute) &&
    asked.atMs < mandate.expiresAtMs
  );
}

function withoutAbsent(limits: object): object {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Passes a mandate on, wish by wish, as far as anything is left. */
function chain(wishes: readonly MandateWish[]): readonly Mandate[] {
  const granted: Mandate[] = [];
  for (const [at, next] of wishes.entries()) {
    const parent = granted.at(-1);
    const part = parent === undefined ? next : intersect(parent, next);
    if (part === undefined) break;
    granted.push(Mandate.parse({ id: `M-${at + 1}`, ...part }));
  }
  return granted;
}

describe('passing a mandate on', () => {
  test(
    'never lets anybody do what an earlier one of the chain does not, in 50,000 chains',
    { timeout: 120_000 },
    () => {
      const seen = { longest: 0, allowed: 0 };
      fc.assert(
        fc.property(fc.array(wish, { minLength: 2, maxLength: 6 }), deed, (wishes, asked) => {
          const granted = chain(wishes);
          const allowed = granted.map((mandate) => permits(mandate, asked));
          // Once a link says no, no later one says yes; and a link says yes exactly when all wishes up to it do.
          const wished = granted.map((_, at) => wishes.slice(0, at + 1).every((one) => permits(one, asked)));
          expect(allowed).toEqual(wished);
          seen.longest = Math.max(seen.longest, granted.length);
          seen.allowed += allowed.length > 1 && allowed.at(-1) === true ? 1 : 0;
        }),
        { numRuns: 50_000, seed: 12 },
      );
      // The law is not empty: long chains and acts that all of a chain allows were among them.
      expect(seen.longest).toBe(6);
      expect(seen.allowed).toBeGreaterThan(300);
    },
  );

  test('what the ledger grants is the part that lies inside, or nothing', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 2, maxLength: 5 }), deed, (wishes, asked) => {
        let state = registered();
        const granted: Mandate[] = [];
        for (const next of wishes) {
          const from = granted.at(-1)?.id;
          const { decision, events } = recordAuthority(state, 0, {
            kind: 'grant-mandate',
            wish: { ...next, ...(from === undefined ? {} : { from }) },
          });
          if (decision.kind === 'refused') break;
          state = applyAll(state, events, stamp, archive);
          const made = state.authority.mandates.get(MandateId.parse(`M-${granted.length + 1}`))?.mandate;
          if (made === undefined) throw new Error('a grant left no mandate');
          granted.push(made);
        }
        const lets = granted.map((mandate) => permits(mandate, asked));
        expect(lets).toEqual(lets.toSorted((a, b) => Number(b) - Number(a)));
        expect(granted.slice(1).map(({ from }) => from)).toEqual(granted.slice(0, -1).map(({ id }) => id));
      }),
      { numRuns: 2000, seed: 13 },
    );
  });
});

const stamp = { seq: 1, atMs: 0, actor: { principal: sponsor } };
const archive = {
  observation: () => {
    throw new Error('nothing is observed here');
  },
  plan: () => {
    throw new Error('nothing is planned here');
  },
};

function registered(): State {
  const agent = Principal.parse({ kind: 'agent', id: 'agent:a', name: 'a', sponsor });
  const known = tenants.map((id) => Tenant.parse({ id, name: id, zone: 'UTC' }));
  return {
    ...emptyState,
    tenants: new Map(known.map((tenant) => [TenantId.parse(tenant.id), tenant])),
    authority: { ...emptyAuthority, principals: new Map([[agent.id, agent]]) },
  };
}
