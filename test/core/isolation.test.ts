import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Contract } from '../../src/model/contract.ts';
import type { Isolation } from '../../src/model/demand.ts';
import { ask, commit, costOf, planned, release, take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { granted, placement } from './placement.ts';
import { walk } from './walk.ts';

const fleet = world(
  'fra1/h1/r1 2×8 H100 cpu128 mem1024',
  'fra1/h1/r2 2×8 H100 cpu128 mem1024',
  'ams2/h1/a1 1×8 H100 cpu128 mem1024',
);

const globex = (more: object = {}) => demand('1×1 H100 24h', { tenant: 'globex', ...more });
const acme = (more: object = {}) => demand('1×1 H100 24h', more);

/** Where the first replica goes; the binding where it goes nowhere. */
function goes(on: World, asked: ReturnType<typeof demand>): string | undefined {
  const answer = ask(on, asked);
  if (answer.kind === 'planned') return answer.plan.placement.members[0]?.node;
  return answer.refusal.kind === 'no-capacity' ? answer.refusal.nearest?.binding : answer.refusal.kind;
}

/** Somebody else's GPU on the first node of fra1/h1/r1. */
function taken(isolation: Isolation): World {
  return take(fleet, globex({ where: ['fra1/h1/r1/n01'], isolation }));
}

describe('what another tenant holds alone keeps everybody else out', () => {
  test.each([
    ['shared', 'fra1/h1/r1/n01', 'fra1/h1/r1/n01'],
    ['node', 'fra1/h1/r1/n01', 'isolation'],
    ['node', 'fra1/h1/r1', 'fra1/h1/r1/n02'],
    ['rack', 'fra1/h1/r1', 'isolation'],
    ['rack', 'fra1', 'fra1/h1/r2/n01'],
    ['site', 'fra1', 'isolation'],
    ['site', 'ams2', 'ams2/h1/a1/n01'],
  ] as const)('alone in the %s: asked for %s, another goes to %s', (isolation, where, expected) => {
    expect(goes(taken(isolation), acme({ where: [where] }))).toBe(expected);
  });

  test('not the same tenant', () => {
    expect(goes(taken('site'), globex({ where: ['fra1/h1/r1/n01'] }))).toBe('fra1/h1/r1/n01');
  });

  test('not before it begins or after it ends', () => {
    const later = { window: { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 } };
    expect(goes(taken('site'), demand('1×1 H100', { where: ['fra1'], ...later }))).toBe('fra1/h1/r1/n01');
  });

  test('so that one who can wait starts when it ends, though it ends in another rack', () => {
    const waiting = demand('1×1 H100', { where: ['fra1/h1/r2'], ...flexible(1, 48) });
    expect(planned(taken('site'), waiting).plan.placement.startMs).toBe(t0 + 24 * hourMs);
  });
});

describe('who wants to be alone goes where nobody else is', () => {
  test.each([
    ['shared', 'fra1/h1/r1/n01', 'fra1/h1/r1/n01'],
    ['node', 'fra1/h1/r1/n01', 'isolation'],
    ['node', 'fra1/h1/r1', 'fra1/h1/r1/n02'],
    ['rack', 'fra1/h1/r1', 'isolation'],
    ['rack', 'fra1', 'fra1/h1/r2/n01'],
    ['site', 'fra1', 'isolation'],
  ] as const)('alone in the %s: asked for %s, it goes to %s', (isolation, where, expected) => {
    expect(goes(taken('shared'), acme({ where: [where], isolation }))).toBe(expected);
  });

  test('and waits until the last other one has left the site', () => {
    const waiting = demand('1×1 H100', { where: ['fra1/h1/r2'], isolation: 'site', ...flexible(1, 48) });
    expect(planned(taken('shared'), waiting).plan.placement.startMs).toBe(t0 + 24 * hourMs);
  });

  test('a refusal counts what the others close', () => {
    const answer = ask(taken('rack'), demand('3×8 H100 24h', { where: ['fra1'] }));
    expect(answer.kind).toBe('refused');
    expect(costOf(answer, 'isolation')).toBe('31 → 16 gpu');
  });

  test('a rack that nobody has recorded cannot be closed', () => {
    const loose = world('ams2/h1/a1 1×8 H100', {
      nodes: { 'edge/n01': { gpuCount: 8, gpuModel: 'H100' } },
    });
    const alone = demand('1×8 H100', { isolation: 'rack', where: ['edge'] });
    expect(ask(loose, alone)).toMatchObject({
      refusal: { kind: 'fact-missing', facts: [{ attribute: 'rack', subjectCount: 1, example: 'edge/n01' }] },
    });
    expect(ask(loose, demand('1×8 H100', { isolation: 'site', where: ['edge'] })).kind).toBe('planned');
  });

  test('a plan made before somebody came is stale, and the terms say what is closed', () => {
    const mine = planned(fleet, acme({ isolation: 'rack', where: ['fra1/h1/r1'] }));
    expect(mine.plan.terms).toContainEqual(
      expect.objectContaining({
        kind: 'isolation',
        promise: 'no other tenant on the racks of this contract',
        strength: 'guaranteed',
      }),
    );
    const beside = take(fleet, globex({ where: ['fra1/h1/r1/n02'] }));
    expect(commit(beside, mine).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(commit(release(beside, firstOf(beside)).world, mine).decision.kind).toBe('contract-granted');
  });
});

describe('the auditor', () => {
  const end = t0 + 24 * hourMs;
  const hold = placement(24, 'train 0 fra1/h1/r1/n01 gpu7 cpu16 mem128');
  const rules = verdictAll(fleet.state, 'allowed');
  const other = (isolation: Isolation, node: string) =>
    granted(fleet, globex({ isolation }), placement(24, `train 0 ${node} gpu0 cpu16 mem128`));
  const found = (on: World, asked: ReturnType<typeof demand>) =>
    check(on.state, asked, rules, hold).map(({ constraint, note }) => `${constraint}: ${note}`);
  const who = 'isolation: `train` 0 on fra1/h1/r1/n01: C-101';

  test.each([
    ['rack', 'fra1/h1/r1/n02', [`${who} holds rack fra1/h1/r1 alone until ${end}`]],
    ['rack', 'fra1/h1/r2/n01', []],
    ['site', 'fra1/h1/r2/n01', [`${who} holds site fra1 alone until ${end}`]],
    ['site', 'ams2/h1/a1/n01', []],
    ['node', 'fra1/h1/r1/n02', []],
  ] as const)('finds who is alone in a %s on %s', (isolation, node, expected) => {
    expect(found(other(isolation, node), acme())).toEqual(expected);
  });

  test.each([
    ['rack', 'fra1/h1/r1/n02', [`${who} of another tenant holds rack fra1/h1/r1 until ${end}`]],
    ['rack', 'fra1/h1/r2/n01', []],
    ['site', 'fra1/h1/r2/n01', [`${who} of another tenant holds site fra1 until ${end}`]],
    ['site', 'ams2/h1/a1/n01', []],
  ] as const)('finds who is in the way of being alone in the %s on %s', (isolation, node, expected) => {
    expect(found(other('shared', node), acme({ isolation }))).toEqual(expected);
  });
});

function firstOf({ state }: World): Contract['id'] {
  const contract = state.contracts.at(0);
  if (contract === undefined) throw new Error('there is a contract');
  return contract.id;
}

/** The nodes, racks or sites that a contract closes. Paths tell: rack and site are in them. */
function closedBy({ demand: { isolation = 'shared' }, placement: { members } }: Contract): Set<string> {
  return new Set(
    members.flatMap(({ node }) => {
      if (isolation === 'shared') return [];
      if (isolation === 'node') return [`${node}/`];
      return isolation === 'rack' ? [node.replace(/[^/]+$/, '')] : [node.replace(/\/.*$/, '/')];
    }),
  );
}

test(
  'whatever people do, no two tenants are ever in a place that one of them holds alone',
  { timeout: 60_000 },
  () => {
    let closed = 0;
    assert(
      property(fleets, steps, (drawn, todo) => {
        const contracts = [...walk(world(...drawn), todo).world.state.contracts];
        for (const one of contracts)
          for (const place of closedBy(one)) {
            closed++;
            const others = contracts.filter(
              (other) => other.tenant !== one.tenant && meetInTime(one, other) && isIn(other, place),
            );
            expect(others.map(({ id }) => id)).toEqual([]);
          }
      }),
      { seed, numRuns: 150 },
    );
    expect(closed).toBeGreaterThan(20);
  },
);

function isIn({ placement: { members } }: Contract, place: string): boolean {
  return members.some(({ node }) => `${node}/`.startsWith(place));
}

function meetInTime(a: Contract, b: Contract): boolean {
  return Math.max(a.placement.startMs, b.placement.startMs) < Math.min(endOf(a), endOf(b));
}

function endOf({ placement: { endMs }, releasedAtMs }: Contract): number {
  return Math.min(endMs ?? Infinity, releasedAtMs ?? Infinity);
}
