import { describe, expect, test } from 'vitest';

import { actOf } from '../../../src/core/authority/act.ts';
import { budgetEvents } from '../../../src/core/authority/budget.ts';
import { Mandate } from '../../../src/model/authority.ts';
import { ContractId } from '../../../src/model/id.ts';
import { planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, type World, world } from '../fleet.ts';

const fleet = world('fra1/h1/r1 4×4 H100', { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } });
const contract = ContractId.parse('C-101');
const ofAgent = Mandate.parse({
  id: 'M-1',
  agent: 'agent:a',
  sponsor: 'person:sven',
  tools: ['contract_commit'],
  tenants: ['globex'],
  expiresAtMs: t0 + 99 * hourMs,
});

/** Four elastic replicas of four GPUs, one of them guaranteed, for ten hours under a mandate. */
function underMandate(): World {
  const wish = demand('4×4 H100 10h', { tenant: 'globex', guarantee: 'elastic' });
  const parts = wish.parts.map((part) => ({ ...part, minCount: 1 }));
  const need = { gpus: 16, gpuSeconds: 16 * 36_000, spendMicroEur: 160_000_000, endMs: t0 + 10 * hourMs };
  return enter(
    take(fleet, { ...wish, parts }),
    [
      { kind: 'mandate-granted', mandate: ofAgent },
      { kind: 'mandate-reserved', mandate: ofAgent.id, contract, ...need },
    ],
    t0,
  );
}

describe('extras that are taken of a contract', () => {
  const now = underMandate();
  const atMs = t0 + 4 * hourMs;
  const wish = {
    ...demand('2×4 H100'),
    mayPreempt: true,
    window: { earliestStartMs: atMs, durationS: 3600 },
  };
  const { plan, id, digest } = planned(now, wish, { atMs });
  now.archive.keepPlan(plan);
  const act = actOf(now.state, { kind: 'commit-plan', plan: id, planDigest: digest }, { ...now, atMs });

  test('count as somebody who loses, and as GPUs that are hit', () => {
    expect(act).toMatchObject({ preempts: 1, preemptsOthers: 1, need: { gpus: 8, blastGpus: 16 } });
  });

  test('leave its mandate with what it has used and what is left of it', () => {
    const left = [{ part: 'train', count: 2 }];
    const event = { kind: 'contract-shrunk', contract, left, by: ContractId.parse('C-102'), atMs } as const;
    const used = { gpuSeconds: 16 * 4 * 3600, spendMicroEur: 64_000_000 };
    const rest = { gpuSeconds: 8 * 6 * 3600, spendMicroEur: 48_000_000 };
    expect(budgetEvents(now.state, [event], { act, atMs })).toEqual([
      {
        kind: 'mandate-reserved',
        mandate: 'M-1',
        contract: 'C-101',
        gpus: 8,
        gpuSeconds: used.gpuSeconds + rest.gpuSeconds,
        spendMicroEur: used.spendMicroEur + rest.spendMicroEur,
        endMs: t0 + 10 * hourMs,
      },
    ]);
  });

  test('change nothing where nobody answers for it by a mandate', () => {
    const free = take(fleet, demand('1×4 H100 10h'));
    const left = [{ part: 'train', count: 2 }];
    const event = { kind: 'contract-shrunk', contract, left, by: ContractId.parse('C-102'), atMs } as const;
    expect(budgetEvents(free.state, [event], { act, atMs })).toEqual([]);
  });
});
