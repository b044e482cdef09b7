import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { clockAt } from '../../src/control/clock.ts';
import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { playWorld, readWorld } from '../../src/control/world.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import type { Entry } from '../../src/model/entry.ts';
import { ContractId, PrincipalId } from '../../src/model/id.ts';
import type { PlanView } from '../../src/model/plan-view.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { key, nowMs, operator, planned, wish, worldFile } from './desk.ts';
import { agent } from './people.ts';

/** Rounds of four writers at once; the whole law is 10,000 of them: `BERTH_INTERLEAVINGS=10000`. */
const rounds = Number(process.env['BERTH_INTERLEAVINGS'] ?? 30);

const limits = { gpus: 16, gpuSeconds: 20 * 3600, spendMicroEur: 60_000_000 };

const sizes = [
  { gpus: 4, hours: 2 },
  { gpus: 8, hours: 1 },
  { gpus: 2, hours: 3 },
  { gpus: 6, hours: 2 },
];

/** mulberry32: the same numbers from the same seed, everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The same ledger, each call of which waits for some turns of the event loop before it is answered. */
function hesitant(ledger: Ledger, draw: (below: number) => number): Ledger {
  const wait = async () => {
    for (let turns = draw(6); turns > 0; turns--) await Promise.resolve();
  };
  return {
    place: ledger.place,
    readOnly: undefined,
    head: async () => (await wait(), ledger.head()),
    read: async (after, limit) => (await wait(), ledger.read(after, limit)),
    append: async (drafts, expected) => (await wait(), ledger.append(drafts, expected)),
    findByIdemKey: async (scope) => (await wait(), ledger.findByIdemKey(scope)),
    putBlob: (bytes) => ledger.putBlob(bytes),
    getBlob: (digest) => ledger.getBlob(digest),
    putPlan: (id, bytes) => ledger.putPlan(id, bytes),
    findPlan: (id) => ledger.findPlan(id),
    salted: (of, text) => ledger.salted(of, text),
    keepAside: (row) => ledger.keepAside(row),
    readAside: (digest) => ledger.readAside(digest),
    countAsides: (of) => ledger.countAsides(of),
    eraseAsides: (of) => ledger.eraseAsides(of),
    chats: ledger.chats,
    tree: () => ledger.tree(),
    checkpoint: () => ledger.checkpoint(),
    backup: (file) => ledger.backup(file),
    close: () => Promise.resolve(),
  };
}

/** What an agent holds by the entries alone: grants add, releases take away. Looks at no mandate. */
class Tally {
  readonly #held = new Map<string, { gpus: number; gpuSeconds: number; spend: number }>();
  highest = { gpus: 0, gpuSeconds: 0, spend: 0 };

  follow(
    { actor, decision }: Entry,
    priceOf: (contract: string) => { gpus: number; gpuSeconds: number; spend: number },
  ): void {
    if (actor.principal !== 'agent:racer') return;
    if (decision.kind === 'contract-granted') this.#held.set(decision.contract, priceOf(decision.contract));
    if (decision.kind === 'contract-released') this.#held.delete(decision.contract);
    const sum = { gpus: 0, gpuSeconds: 0, spend: 0 };
    for (const { gpus, gpuSeconds, spend } of this.#held.values()) {
      sum.gpus += gpus;
      sum.gpuSeconds += gpuSeconds;
      sum.spend += spend;
    }
    this.highest = {
      gpus: Math.max(this.highest.gpus, sum.gpus),
      gpuSeconds: Math.max(this.highest.gpuSeconds, sum.gpuSeconds),
      spend: Math.max(this.highest.spend, sum.spend),
    };
  }

  get contracts(): readonly string[] {
    return [...this.#held.keys()];
  }
}

async function demoWorld(): Promise<Ledger> {
  const ledger = openMemoryLedger();
  const bytes = readFileSync(worldFile);
  const world = readWorld(bytes.toString('utf8'), 'four-sites.yaml');
  const observedAtMs = clockAt(world.history[0]?.at ?? world.clock).nowMs();
  await playWorld(ledger, world, inventory.parse([{ file: 'four-sites.yaml', bytes }], { observedAtMs }));
  return ledger;
}

async function register(control: Control): Promise<void> {
  const racer = PrincipalId.parse('agent:racer');
  const sponsor = PrincipalId.parse('person:sven');
  const principal = { kind: 'agent' as const, id: racer, name: 'racer', sponsor };
  await control.recordAuthority(operator, { command: { kind: 'register-principal', principal } });
  const wished = {
    agent: racer,
    sponsor,
    tools: ['contract_commit', 'contract_release'],
    tenants: [wish().tenant],
    ...limits,
    commandsPerMinute: 600,
    expiresAtMs: nowMs + 10 ** 9,
  };
  const { decision } = await control.recordAuthority(operator, {
    command: { kind: 'grant-mandate', wish: wished },
  });
  expect(decision).toBe('recorded');
}

test(
  `no budget is passed in ${rounds} rounds of four writers that commit at once`,
  { timeout: 1_800_000 },
  async () => {
    const ledger = await demoWorld();
    const draw = numbers(99);
    const clock = { atMs: nowMs };
    const writers = [0, 1, 2, 3].map(() =>
      createControl({ ledger: hesitant(ledger, draw), clock: { kind: 'set', nowMs: () => clock.atMs } }),
    );
    const [first] = writers;
    if (first === undefined) throw new Error('no writer');
    await register(first);
    const racer = agent('racer');
    const tally = new Tally();
    const needs = new Map<string, { gpus: number; gpuSeconds: number; spend: number }>();
    const outcomes = new Map<string, number>();
    let seen = (await ledger.head()).seq;

    for (let round = 0; round < rounds; round++) {
      clock.atMs += 300_000;
      const day = new Date(nowMs + 40 * 86_400_000).toISOString();
      const wishes = writers.map((_, at) => {
        const { gpus, hours } = sizes[draw(sizes.length)] ?? fail();
        return { gpus, hours, demand: wish({ gpus, hours, start: day, where: [`fra1/h1/r12/n0${at + 1}`] }) };
      });
      const plans: PlanView[] = [];
      for (const { demand } of wishes) plans.push(await planned({ control: first }, demand, racer));
      const results = await Promise.all(
        writers.map((writer, at) =>
          writer.commit(racer, { plan: plans[at]?.id ?? fail(), idemKey: key(`race-${round}-${at}`) }),
        ),
      );
      for (const [at, { decision, refusal, contract }] of results.entries()) {
        const kind = refusal?.kind ?? decision;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
        const { gpus = 0, hours = 0 } = wishes[at] ?? {};
        const spend = plans[at]?.price.totalMicroEur ?? 0;
        if (contract !== undefined) needs.set(contract.id, { gpus, gpuSeconds: gpus * hours * 3600, spend });
      }
      const entries = await ledger.read(seen, 1000);
      for (const entry of entries) tally.follow(entry, (contract) => needs.get(contract) ?? fail());
      seen = entries.at(-1)?.seq ?? seen;
      expect(tally.highest.gpus).toBeLessThanOrEqual(limits.gpus);
      expect(tally.highest.gpuSeconds).toBeLessThanOrEqual(limits.gpuSeconds);
      expect(tally.highest.spend).toBeLessThanOrEqual(limits.spendMicroEur);
      for (const contract of tally.contracts) {
        const id = ContractId.parse(contract);
        const { decision } = await first.release(operator, {
          contract: id,
          idemKey: key(`free-${contract}`),
        });
        expect(decision).toBe('released');
      }
      for (const entry of await ledger.read(seen, 1000)) {
        tally.follow({ ...entry, actor: { principal: racer.principal } }, () => fail());
        seen = entry.seq;
      }
      expect(tally.contracts).toEqual([]);
    }
    // Both answers came, and no other: what fits is granted, what does not is outside the mandate.
    expect([...outcomes.keys()].toSorted()).toEqual(['committed', 'outside-mandate']);
    expect(outcomes.get('outside-mandate')).toBeGreaterThan(rounds / 2);
    expect(outcomes.get('committed')).toBeGreaterThan(rounds);
    expect(tally.highest.gpus).toBe(limits.gpus);
    expect(await first.verify()).toMatchObject({ ok: true });
  },
);

function fail(): never {
  throw new Error('there was to be one');
}
