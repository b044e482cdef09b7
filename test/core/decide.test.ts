import { describe, expect, test } from 'vitest';

import { decide } from '../../src/core/decide.ts';
import type { Command } from '../../src/model/command.ts';
import { ContractId, RunId } from '../../src/model/id.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { act, commit, planned, release, take } from './acts.ts';
import { demand } from './demand.ts';
import { fact } from './fleet-text.ts';
import { enter, hourMs, observe, t0, verdictAll, world, type World } from './fleet.ts';

const fleet = world('fra1/h1/r1 2×4 H100', { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } });
const first = ContractId.parse('C-101');

function decided({ state, archive }: World, command: Command, atMs = t0) {
  return decide(state, { atMs, verdict: verdictAll(state, 'allowed'), archive }, command);
}

describe('a contract is released', () => {
  const held = take(fleet, demand('1×4 10h'));

  test.each([
    ['after an hour', t0 + hourMs, 4_000_000],
    ['as it begins', t0, 0],
    ['half a second in: for the second that has begun, rounded up', t0 + 500, Math.ceil(4_000_000 / 3600)],
    ['in its last millisecond', t0 + 10 * hourMs - 1, 40_000_000],
  ])('%s, for what was used until then', (_, atMs, usedMicroEur) => {
    const { decision, events } = decided(held, { kind: 'release-contract', contract: first }, atMs);
    expect(decision).toEqual({ kind: 'contract-released', contract: first, atMs, usedMicroEur });
    expect(events).toEqual([{ kind: 'contract-released', contract: first, atMs }]);
  });

  test.each([
    ['that nobody knows', 'C-999', {}, t0, 'contract-unknown'],
    ['in another version than was read', 'C-101', { expectedVersion: 2 }, t0, 'version-conflict'],
    ['that has ended', 'C-101', {}, t0 + 10 * hourMs, 'contract-ended'],
  ])('not one %s', (_, id, more, atMs, kind) => {
    const command = { kind: 'release-contract', contract: ContractId.parse(id), ...more } as const;
    const { decision, events } = decided(held, command, atMs);
    expect(decision).toMatchObject({ kind: 'refused', refusal: { kind } });
    expect(events).toEqual([]);
  });

  test('once: who releases it again is told that it has ended', () => {
    const { world: after } = release(held, first, { atMs: t0 + hourMs });
    expect(release(after, first, { atMs: t0 + 2 * hourMs }).decision).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'contract-ended' },
    });
  });

  test('in the version that was read', () => {
    const command = { kind: 'release-contract', contract: first, expectedVersion: 1 } as const;
    expect(decided(held, command).decision.kind).toBe('contract-released');
  });

  test('and what it held is free at once', () => {
    const both = take(held, demand('1×4 10h'));
    expect(() => planned(both, demand('1×4 1h'))).toThrow('refused');
    const { world: after } = release(both, first, { atMs: t0 + hourMs });
    const later = demand('1×4 1h', { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } });
    expect(planned(after, later, { atMs: t0 + hourMs }).plan.placement.startMs).toBe(t0 + hourMs);
  });
});

describe('what is recorded', () => {
  test('a tenant, by whose id contracts are asked for from then on', () => {
    const tenant = Tenant.parse({ id: 'initech', name: 'Initech', zone: 'Europe/Berlin' });
    const { world: after, decision } = act(fleet, { kind: 'register-tenant', tenant });
    expect(decision).toEqual({ kind: 'tenant-registered', tenant: 'initech' });
    expect(() => planned(fleet, demand('1×1', { tenant: 'initech' }))).toThrow('tenant-unknown');
    expect(planned(after, demand('1×1', { tenant: 'initech' })).plan.demand.tenant).toBe('initech');
  });

  test('an observation, counted by its subjects: several facts about one are one', () => {
    const facts = [
      fact('node', 'fra1/h1/r1/n01', { health: 'down' }),
      fact('node', 'fra1/h1/r1/n01', { schedulable: false }),
      fact('node', 'fra1/h1/r1/n02', { health: 'down' }),
      fact('rack', 'fra1/h1/r1', {}),
      fact('site', 'fra1', {}),
    ];
    const seen = observe(fleet, facts);
    const [event] = seen.entries.at(-1)?.events ?? [];
    if (event?.kind !== 'observation-recorded') throw new Error('an observation was recorded');
    const command = { kind: 'record-observation', observation: event.observation } as const;
    const { decision, events } = decided(seen, command);
    expect(decision).toEqual({
      kind: 'observation-recorded',
      observation: event.observation,
      subjectCount: 4,
    });
    expect(events).toEqual([event]);
  });
});

describe('what nobody in particular asked for', () => {
  test('a journal is kept by somebody, and without anybody there is none', () => {
    const run = { kind: 'end-run', run: RunId.parse('R-1'), why: 'done' } as const;
    expect(decided(fleet, run)).toEqual({
      decision: { kind: 'refused', refusal: { kind: 'not-supported', feature: 'the command `end-run`' } },
      events: [],
    });
  });

  test('the rules are waived for nobody', () => {
    const { decision } = decided(fleet, {
      kind: 'waive-rules',
      rules: ['all of them'],
      sites: [],
    });
    expect(decision.kind).toBe('refused');
  });
});

describe('the same state, the same command', () => {
  test('is the same decision, and changes nothing that is there', () => {
    const answer = planned(fleet, demand('1×4 10h'));
    const before = structuredClone([...fleet.state.calendar]);
    const [one, other] = [commit(fleet, answer), commit(fleet, answer)];
    expect(one.decision).toEqual(other.decision);
    expect(one.world.state).toEqual(other.world.state);
    expect([...fleet.state.calendar]).toEqual(before);
  });

  test('a decision reads a state on which leases have ended by its own time', () => {
    const answer = planned(fleet, demand('2×4 10h'));
    fleet.archive.keepPlan(answer.plan);
    const leased = { kind: 'hold-plan', plan: answer.id, planDigest: answer.digest, leaseS: 3600 } as const;
    const { world: held } = act(fleet, leased);
    const drop = { kind: 'drop-hold', plan: answer.id } as const;
    expect(decided(held, drop, t0 + hourMs - 1).decision.kind).not.toBe('refused');
    expect(decided(held, drop, t0 + hourMs).decision.kind).toBe('refused');
    expect(enter(held, [], t0 + hourMs).state.leases.size).toBeLessThanOrEqual(1);
  });
});
