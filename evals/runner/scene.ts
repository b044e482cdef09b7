import { clockAt } from '../../src/control/clock.ts';
import type { Caller, Clock, Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { Fold, type Folded } from '../../src/control/fold.ts';
import { playWorld } from '../../src/control/world.ts';
import { copyInMemory, openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import type { Observation } from '../../src/model/fact.ts';
import { builtInTemplates } from '../../src/templates/built-in.ts';
import { type Backstage, DeedRefused, doDeeds, operator, state } from './deed.ts';
import type { Deed, Task } from './task.ts';
import { readWorldSource } from './world-source.ts';

/** The world of one run: a ledger of its own, and who acts in it. */
export type Scene = {
  readonly ledger: Ledger;
  readonly control: Control;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly observation: Observation;
  /** The state as the person found it. */
  readonly before: Folded;
  /** Entries of others that were written while the agent was at work. */
  readonly others: Set<number>;
};

type Played = {
  readonly ledger: Ledger;
  readonly clock: string;
  readonly observation: Observation;
  readonly folded: Folded;
};

/** Plays each world once and hands out copies: a run never sees what another one did. */
export class Stage {
  readonly #worlds = new Map<string, Promise<Played>>();
  /** Of runs that left the ledger as they found it: what its verification said, by the digest of its head. */
  readonly #verified = new Map<string, Promise<readonly string[]>>();

  async open(task: Task): Promise<Scene> {
    const { ledger: master, clock: hour, observation, folded } = await this.#world(task.world);
    const ledger = copyInMemory(master);
    const clock = clockAt(task.clock ?? hour);
    const control = createControl({ ledger, clock, folded, templates: builtInTemplates });
    await dress(task, { control, observation });
    const { as, onBehalfOf, tenants } = task.actor;
    const caller: Caller = {
      principal: as,
      client: 'berth-eval',
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...(tenants === undefined ? {} : { tenants }),
    };
    const before = await new Fold(ledger, folded).current();
    return { ledger, control, clock, caller, observation, before, others: new Set() };
  }

  /** What replaying a ledger finds wrong. The same ledger is replayed once, however many runs end with it. */
  async verified({ control }: Pick<Scene, 'control'>): Promise<readonly string[]> {
    const { digest } = await control.head();
    const known = this.#verified.get(digest);
    if (known !== undefined) return known;
    const verifying = faultsOf(control);
    this.#verified.set(digest, verifying);
    return verifying;
  }

  #world(name: string): Promise<Played> {
    const known = this.#worlds.get(name);
    if (known !== undefined) return known;
    const playing = play(name);
    this.#worlds.set(name, playing);
    return playing;
  }
}

/**
 * Others act between two lines of the person. What they write is not the agent's. Where an agent did not do what they
 * act on, they do nothing: that shows in the end state.
 */
export async function meanwhile(scene: Scene, deeds: readonly Deed[]): Promise<void> {
  if (deeds.length === 0) return;
  const { seq: from } = await scene.ledger.head();
  await doDeeds(scene, deeds).catch(notPossible);
  const { seq: to } = await scene.ledger.head();
  for (let seq = from + 1; seq <= to; seq++) scene.others.add(seq);
}

export function notPossible(error: unknown): void {
  if (!(error instanceof DeedRefused)) throw error;
}

async function faultsOf(control: Control): Promise<readonly string[]> {
  const { checks } = await control.verify();
  return checks
    .filter(({ ok }) => !ok)
    .map(({ check, note }) => `the ledger does not verify: ${check}: ${note}`);
}

async function play(name: string): Promise<Played> {
  const { world, observations } = readWorldSource(name);
  const [observation, ...captured] = observations;
  if (observation === undefined) throw new Error(`the world \`${name}\` holds nothing`);
  // Nobody erases anything here, and the same run has the same digests.
  const ledger = openMemoryLedger({ saltOf: (count) => new TextEncoder().encode(`eval ${count}`) });
  await playWorld(ledger, world, observation);
  const control = createControl({ ledger, clock: clockAt(world.clock) });
  for (const other of captured) await control.importObservation(operator, other, false);
  return { ledger, clock: world.clock, observation, folded: await new Fold(ledger).current() };
}

async function dress({ id, facts, before }: Task, backstage: Backstage): Promise<void> {
  try {
    if (Object.keys(facts).length > 0) await state(backstage, facts);
    await doDeeds(backstage, before);
  } catch (cause) {
    throw new Error(`the scene of \`${id}\` cannot be made`, { cause });
  }
}
