import { type Arbitrary, array, nat, sample, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import { type Member, type Placement, seatsOf } from '../../../src/model/placement.ts';
import { act, ask, commit } from '../acts.ts';
import { demands, fleets, seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { brokenRules, findings } from './findings.ts';

/** What the search found for a wish beside others, and one of its seats. */
type Scene = {
  readonly lines: readonly (string | Details)[];
  readonly on: World;
  readonly wish: Demand;
  readonly held: Placement;
  readonly seat: Member;
};

const scenes: Arbitrary<readonly Scene[]> = tuple(
  fleets,
  array(demands, { minLength: 1, maxLength: 3 }),
  demands,
  nat(7),
).map(([lines, others, wish, pick]) => {
  const on = others.reduce(takenIn, world(...lines, { tenants: [{ id: 'initech' }] }));
  const answer = ask(on, wish);
  if (answer.kind === 'refused') return [];
  const held = answer.plan.placement;
  const seat = held.members[pick % held.members.length];
  return seat === undefined ? [] : [{ lines, on, wish, held, seat }];
});

/** Whoever fits comes in. */
function takenIn(on: World, wish: Demand): World {
  const answer = ask(on, wish);
  return answer.kind === 'refused' ? on : commit(on, answer).world;
}

/** Drawn once: every law is asked of the same. */
const drawn = sample(scenes, { seed, numRuns: 90 }).flat();

test('what the search found is right in the world in which it was found', () => {
  expect(drawn.length).toBeGreaterThan(30);
  for (const { on, wish, held } of drawn) expect(findings(on, wish, held)).toEqual([]);
});

/** The world turned against a placement, by as little as that takes; nothing where it cannot be turned so. */
type Turn = (scene: Scene) => World | undefined;

/** The same world, of which more is known; what others hold stays as it is. */
function learns({ on, lines }: Scene, more: Details): World {
  const { fleet } = world(...lines, more).state;
  return { ...on, state: { ...on.state, fleet } };
}

function aboutNode(set: object): Turn {
  return (scene) => learns(scene, { nodes: { [scene.seat.node]: set } });
}

/** About a GPU of the seat, where it has whole ones and `set` has something to say. */
function aboutGpu(set: (need: Demand['parts'][number]['each']['gpus']) => object | undefined): Turn {
  return (scene) => {
    const { node, gpus, part: name } = scene.seat;
    const said = set(scene.wish.parts.find((part) => part.name === name)?.each.gpus);
    const gpu = gpus.at(-1);
    return gpu === undefined || said === undefined
      ? undefined
      : learns(scene, { gpus: { [`${node}/gpu${gpu}`]: said } });
  };
}

/** Somebody else who holds something on the node in the first millisecond of the window. */
function movesIn({ on, held, seat }: Scene, words: string, more: object = {}): World {
  const wish = demand('load: 1×cpu0', { tenant: 'initech', ...more });
  const there = placement(1, `load 0 ${seat.node} ${words}`);
  return granted(on, wish, { ...there, startMs: held.startMs, endMs: held.startMs + 1 });
}

function closes({ on, held, seat }: Scene): World | undefined {
  const empty = { ...on, state: { ...on.state, calendar: on.state.calendar.map(() => []) } };
  const window = { fromMs: held.startMs, toMs: held.startMs + 1, reason: 'disks' };
  const { decision, world: closed } = act(empty, { kind: 'start-maintenance', place: seat.node, ...window });
  return decision.kind === 'refused' ? undefined : closed;
}

/** By the rule that each of them breaks. */
const turns: Readonly<Record<string, Turn>> = {
  'node-health': aboutNode({ health: 'down' }),
  'node-schedulable': aboutNode({ schedulable: false }),
  'gpu-health': aboutGpu(() => ({ health: 'down' })),
  'gpu-model': aboutGpu((need) => (need?.models === undefined ? undefined : { model: 'L40S' })),
  'gpu-memory': aboutGpu((need) =>
    need?.memoryMib === undefined ? undefined : { memoryMib: need.memoryMib - 1 },
  ),
  'nic-health': (scene) => {
    const [nic] = scene.seat.nics;
    if (nic === undefined) return undefined;
    return learns(scene, { nics: { [`${scene.seat.node}/nic${nic}`]: { health: 'down' } } });
  },
  'gpu-sharing': (scene) => (scene.seat.gpus.length === 0 ? undefined : aboutNode({ sharing: 'mps' })(scene)),
  'accelerator-link': (scene) => {
    const asks = scene.wish.parts.some(
      (part) => part.name === scene.seat.part && part.each.gpus?.link !== undefined,
    );
    return asks ? aboutNode({ link: 'none' })(scene) : undefined;
  },
  'member-power': (scene) =>
    scene.seat.gpus.length === 0 ? undefined : aboutNode({ measuredW: 100_000 })(scene),
  'device-once': (scene) => {
    const [gpu] = scene.seat.gpus;
    return gpu === undefined ? undefined : movesIn(scene, `gpu${gpu}`);
  },
  isolation: (scene) => movesIn(scene, 'cpu0', { isolation: 'node' }),
  maintenance: closes,
};

test.each(Object.entries(turns))('a world that turns against it breaks the rule of %s', (rule, turn) => {
  const turned = drawn.flatMap((scene) => {
    const on = turn(scene);
    return on === undefined ? [] : [{ ...scene, on }];
  });
  expect(turned.length).toBeGreaterThan(0);
  for (const { on, wish, held } of turned) expect(brokenRules(on, wish, held)).toContain(rule);
});

type Amount = 'cpuMilli' | 'memoryMib' | 'powerW';

/** The most of something that the placement and others hold together at one instant, on nodes below a place. */
function heldBelow({ on, held }: Scene, amount: Amount, place: string): number {
  const isThere = (id: string) => `${id}/`.startsWith(`${place}/`);
  const own = seatsOf(held)
    .filter(({ node }) => isThere(node))
    .reduce((sum, seat) => sum + seat[amount], 0);
  const others = on.state.fleet.nodes.flatMap(({ id, index }) =>
    isThere(id) ? (on.state.calendar[index] ?? []) : [],
  );
  const [startMs, endMs] = [held.startMs, held.endMs ?? Infinity];
  const heldAt = (at: number) =>
    others.reduce((sum, hold) => (hold.startMs <= at && at < hold.endMs ? sum + hold[amount] : sum), 0);
  const starts = others.map((hold) => hold.startMs).filter((at) => at > startMs && at < endMs);
  return own + Math.max(...[startMs, ...starts].map(heldAt));
}

function rackOf({ seat: { node } }: Scene): string {
  return node.split('/').slice(0, -1).join('/');
}

function siteOf({ seat: { node } }: Scene): string {
  return node.split('/', 1).join();
}

type Limit = {
  readonly amount: Amount;
  readonly place: (scene: Scene) => string;
  readonly at: (place: string, limit: number) => Details;
};

/** By the rule that holds placements to it. */
const limits: Readonly<Record<string, Limit>> = {
  cpu: {
    amount: 'cpuMilli',
    place: ({ seat }) => seat.node,
    at: (id, cpuMilli) => ({ nodes: { [id]: { cpuMilli } } }),
  },
  memory: {
    amount: 'memoryMib',
    place: ({ seat }) => seat.node,
    at: (id, memoryMib) => ({ nodes: { [id]: { memoryMib } } }),
  },
  'rack-cooling': {
    amount: 'powerW',
    place: rackOf,
    at: (id, coolingLimitW) => ({ racks: { [id]: { coolingLimitW } } }),
  },
  'rack-power': {
    amount: 'powerW',
    place: rackOf,
    at: (id, limitW) => ({ racks: { [id]: { feedLimitW: { A: limitW, B: limitW } } } }),
  },
  'site-power': {
    amount: 'powerW',
    place: siteOf,
    at: (id, powerBudgetW) => ({ sites: { [id]: { powerBudgetW } } }),
  },
};

test.each(Object.entries(limits))(
  '%s is kept by a limit of just what is held, and broken by one less',
  (rule, { amount, place, at }) => {
    const holding = drawn.filter(({ seat }) => seat[amount] > 0);
    expect(holding.length).toBeGreaterThan(0);
    for (const scene of holding) {
      const most = heldBelow(scene, amount, place(scene));
      const { wish, held } = scene;
      expect(brokenRules(learns(scene, at(place(scene), most)), wish, held)).not.toContain(rule);
      expect(brokenRules(learns(scene, at(place(scene), most - 1)), wish, held)).toContain(rule);
    }
  },
);

test.each(['forbidden', 'fact-missing'] as const)(
  'rules that say %s of its site stop it, and of no other',
  (answer) => {
    for (const scene of drawn) {
      const { on, wish, held } = scene;
      const site = siteOf(scene);
      const { sites } = on.state.fleet;
      const others = Object.fromEntries(sites.flatMap(({ id }) => (id === site ? [] : [[id, answer]])));
      expect(findings(on, wish, held, verdictAll(on.state, 'allowed', { [site]: answer }))).toEqual([
        `policy: ${site}: ${answer}`,
      ]);
      expect(findings(on, wish, held, verdictAll(on.state, 'allowed', others))).toEqual([]);
    }
  },
);

test('what happens on nodes that it does not use is no matter to it', () => {
  for (const scene of drawn) {
    const { on, wish, held } = scene;
    const used = new Set<string>(seatsOf(held).map(({ node }) => node));
    const idle = on.state.fleet.nodes.filter(({ id }) => !used.has(id));
    const down = Object.fromEntries(idle.map(({ id }) => [id, { health: 'down', schedulable: false }]));
    expect(findings(learns(scene, { nodes: down }), wish, held)).toEqual([]);
  }
});

test('what ends as it begins is no matter to it, whoever was there and however alone', () => {
  for (const { on, wish, held, seat } of drawn) {
    const wasThere = {
      ...placement(1, `load 0 ${seat.node} gpu0 cpu1 9000W`),
      startMs: held.startMs - hourMs,
      endMs: held.startMs,
    };
    const alone = demand('load: 1×1', { tenant: 'initech', isolation: 'site' });
    expect(findings(granted(on, alone, wasThere), wish, held)).toEqual([]);
  }
});

test('nobody who is not registered is granted what somebody who is was', () => {
  for (const { on, wish, held } of drawn) {
    const unknown = { ...wish, tenant: demand('1×1', { tenant: 'nobody' }).tenant };
    expect(brokenRules(on, unknown, held)).toContain('tenant');
  }
});
