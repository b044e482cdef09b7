import { assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { Neighbours } from '../../../src/core/place/neighbours.ts';
import { Rooms, type TimeSpan } from '../../../src/core/place/rooms.ts';
import type { State } from '../../../src/core/state.ts';
import type { Isolation } from '../../../src/model/demand.ts';
import { TenantId } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { calendarsOf, spans } from '../index/holds.ts';
import { hold, holding } from './holding.ts';

/** Two racks, a site of its own, and two nodes in no rack that anybody has recorded. */
const { state } = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100', 'ams2/a1 1×8 H100', {
  nodes: {
    'edge/n01': { gpuCount: 8, gpuModel: 'H100' },
    'edge/n02': { gpuCount: 8, gpuModel: 'H100' },
  },
});
const { nodes } = state.fleet;

const span = { startMs: t0, endMs: t0 + hourMs };

/** The nodes on which a tenant is let in, as `r1/n01`, asked of a scan; the index has to say the same. */
function letIn(held: State, tenant: string, isolation: Isolation, at: TimeSpan = span): string {
  const asked = demand('1×1', { tenant, isolation });
  const neighbours = new Neighbours(held, at);
  const found = nodes.filter((node) => neighbours.letIn(node, asked.tenant, isolation));
  for (const isPlain of [true, false]) {
    const rooms = new Rooms(held, at, { isPlain });
    expect(nodes.filter((node) => rooms.letIn(node, asked))).toEqual(found);
  }
  return found.map(({ id }) => id.split('/').slice(-2).join('/')).join(' ');
}

const everywhere = 'a1/n01 edge/n01 edge/n02 r1/n01 r1/n02 r2/n01';

describe('a tenant is let in', () => {
  test.each([
    ['shared', 'shared', everywhere],
    ['node', 'shared', 'a1/n01 edge/n01 edge/n02 r1/n02 r2/n01'],
    ['rack', 'shared', 'a1/n01 edge/n01 edge/n02 r2/n01'],
    ['site', 'shared', 'a1/n01 edge/n01 edge/n02'],
    ['shared', 'node', 'a1/n01 edge/n01 edge/n02 r1/n02 r2/n01'],
    ['shared', 'rack', 'a1/n01 edge/n01 edge/n02 r2/n01'],
    ['shared', 'site', 'a1/n01 edge/n01 edge/n02'],
    ['node', 'site', 'a1/n01 edge/n01 edge/n02'],
    ['rack', 'node', 'a1/n01 edge/n01 edge/n02 r2/n01'],
  ] as const)('where another is alone by %s and it wants to be alone by %s', (theirs, own, expected) => {
    expect(letIn(holding(state, { 'r1/n01': hold('globex', { alone: theirs }) }), 'acme', own)).toBe(
      expected,
    );
  });

  test.each(['shared', 'node', 'rack', 'site'] as const)(
    'everywhere beside itself, alone by %s',
    (isolation) => {
      expect(letIn(holding(state, { 'r1/n01': hold('acme', { alone: 'site' }) }), 'acme', isolation)).toBe(
        everywhere,
      );
    },
  );

  test('where a third one is alone with it: each closes only what is its own', () => {
    const held = holding(state, { 'r1/n01': hold('globex'), 'r1/n02': hold('initech', { alone: 'node' }) });
    expect(letIn(held, 'acme', 'shared')).toBe('a1/n01 edge/n01 edge/n02 r1/n01 r2/n01');
    expect(letIn(held, 'globex', 'node')).toBe('a1/n01 edge/n01 edge/n02 r1/n01 r2/n01');
    expect(letIn(held, 'globex', 'rack')).toBe('a1/n01 edge/n01 edge/n02 r2/n01');
  });

  test('where a rack is not recorded, as if each node there were a rack by itself', () => {
    const held = holding(state, { 'edge/n01': hold('globex', { alone: 'rack' }) });
    expect(letIn(held, 'acme', 'shared')).toBe('a1/n01 edge/n02 r1/n01 r1/n02 r2/n01');
    expect(letIn(holding(state, { 'edge/n01': hold('globex') }), 'acme', 'rack')).toBe(
      'a1/n01 edge/n02 r1/n01 r1/n02 r2/n01',
    );
    expect(letIn(holding(state, { 'edge/n01': hold('globex') }), 'acme', 'site')).toBe(
      'a1/n01 r1/n01 r1/n02 r2/n01',
    );
  });

  test('not where nobody’s hold closes the node, and where it closes devices only', () => {
    expect(letIn(holding(state, { 'r1/n01': hold(undefined) }), 'acme', 'shared')).toBe(
      'a1/n01 edge/n01 edge/n02 r1/n02 r2/n01',
    );
    const devices = holding(state, { 'r1/n01': hold(undefined, { devicesOnly: true }) });
    expect(letIn(devices, 'acme', 'shared')).toBe(everywhere);
    // Nobody is no tenant that one could want to be without.
    expect(letIn(devices, 'acme', 'site')).toBe(everywhere);
  });

  test.each([
    ['ends as the other begins', { startMs: t0 - hourMs, endMs: t0 }, true],
    ['runs a millisecond into it', { startMs: t0 - hourMs, endMs: t0 + 1 }, false],
    ['begins in its last millisecond', { startMs: t0 + 5 * hourMs - 1, endMs: t0 + 6 * hourMs }, false],
    ['begins as it ends', { startMs: t0 + 5 * hourMs, endMs: t0 + 6 * hourMs }, true],
  ])('when it %s: %s', (_, at, expected) => {
    const held = holding(state, { 'r1/n01': hold('globex', { alone: 'node' }) });
    expect(letIn(held, 'acme', 'shared', at).includes('r1/n01')).toBe(expected);
  });

  test('by what it asks for now, not by what it asked for before', () => {
    const neighbours = new Neighbours(holding(state, { 'r1/n01': hold('globex') }), span);
    const [first] = nodes.filter(({ id }) => id.endsWith('r1/n01'));
    const ask = (tenant: string, isolation?: Isolation) =>
      first !== undefined && neighbours.letIn(first, TenantId.parse(tenant), isolation);
    expect([
      ask('acme'),
      ask('acme', 'node'),
      ask('globex', 'node'),
      ask('acme', 'node'),
      ask('acme'),
    ]).toEqual([true, false, true, false, true]);
  });
});

/** The rule itself, asked of every hold of the fleet. */
function mayCome(
  held: State,
  node: FleetNode,
  tenant: TenantId,
  isolation: Isolation,
  at: TimeSpan,
): boolean {
  const isNear = (other: FleetNode, level: Isolation) => {
    if (level === 'site') return other.site === node.site;
    if (level === 'rack') return other === node || (node.rack !== undefined && other.rack === node.rack);
    return level === 'node' && other === node;
  };
  return nodes.every((other) =>
    (held.calendar[other.index] ?? []).every((one) => {
      if (one.endMs <= at.startMs || at.endMs <= one.startMs) return true;
      if (one.tenant === undefined) return other !== node || one.devicesOnly === true;
      return one.tenant === tenant || (!isNear(other, one.alone) && !isNear(other, isolation));
    }),
  );
}

test('whatever is held, one is let in exactly where no hold keeps one out', () => {
  const seen = { in: 0, out: 0 };
  assert(
    property(
      calendarsOf(state),
      spans,
      constantFrom('acme', 'globex', 'initech'),
      constantFrom<Isolation>('shared', 'node', 'rack', 'site'),
      (calendar, at, name, isolation) => {
        const tenant = TenantId.parse(name);
        const held = { ...state, calendar };
        const expected = nodes.filter((node) => mayCome(held, node, tenant, isolation, at));
        expect(letIn(held, tenant, isolation, at)).toBe(
          expected.map(({ id }) => id.split('/').slice(-2).join('/')).join(' '),
        );
        seen.in += expected.length;
        seen.out += nodes.length - expected.length;
      },
    ),
    { seed, numRuns: 200 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(200);
});
