import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { clockAt } from '../../src/control/clock.ts';
import type { Caller, Clock, Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { playWorld, readWorld } from '../../src/control/world.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { callTool } from '../../src/mcp/call.ts';
import { Observation } from '../../src/model/fact.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { tools } from '../../tools/index.ts';
import { copyLedger } from './tape.ts';
import type { Task } from './task.ts';

/** The world of one run: a ledger of its own, and who acts in it. */
export type Scene = {
  readonly ledger: Ledger;
  readonly control: Control;
  readonly clock: Clock;
  readonly caller: Caller;
  /** How far the ledger had come when the person began to speak. */
  readonly fromSeq: number;
};

type Played = { readonly ledger: Ledger; readonly clock: string; readonly observation: Observation };

const operator: Caller = { principal: PrincipalId.parse('person:operator'), client: 'berth-eval' };

/** Plays each world once and hands out copies: a run never sees what another one did. */
export class Stage {
  readonly #worlds = new Map<string, Promise<Played>>();

  async open(task: Task): Promise<Scene> {
    const played = await this.#world(task.world);
    const ledger = openMemoryLedger();
    await copyLedger(played.ledger, ledger);
    const clock = clockAt(task.clock ?? played.clock);
    const control = createControl({ ledger, clock });
    await dress(task, control, played);
    const { as, onBehalfOf, tenants } = task.actor;
    const caller: Caller = {
      principal: as,
      client: 'berth-eval',
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...(tenants === undefined ? {} : { tenants }),
    };
    return { ledger, control, clock, caller, fromSeq: (await ledger.head()).seq };
  }

  #world(name: string): Promise<Played> {
    const known = this.#worlds.get(name);
    if (known !== undefined) return known;
    const playing = play(name);
    this.#worlds.set(name, playing);
    return playing;
  }
}

async function play(name: string): Promise<Played> {
  const bytes = readFileSync(fileURLToPath(import.meta.resolve(`#worlds/${name}.yaml`)));
  const world = readWorld(new TextDecoder().decode(bytes), `${name}.yaml`);
  const observedAtMs = clockAt(world.history[0]?.at ?? world.clock, 'history').nowMs();
  const observation = inventory.parse([{ file: `${name}.yaml`, bytes }], { observedAtMs });
  const ledger = openMemoryLedger();
  await playWorld(ledger, world, observation);
  return { ledger, clock: world.clock, observation };
}

/** Makes the scene of a task: facts as a source would state them, then the calls of the operator. */
async function dress(task: Task, control: Control, { observation }: Played): Promise<void> {
  if (Object.keys(task.facts).length > 0) {
    const observedAtMs = control.clock.nowMs();
    const facts = observation.facts.map((fact) => ({
      ...fact,
      set: { ...fact.set, ...task.facts[fact.subject] },
    }));
    await control.importObservation(
      operator,
      Observation.parse({ ...observation, observedAtMs, facts }),
      false,
    );
  }
  let plan: string | undefined;
  for (const { tool, arguments: args } of task.before) {
    const answer = await callTool(tools, tool, withPlan(args, plan), {
      control,
      caller: operator,
      log: () => undefined,
    });
    if (!answer.ok) throw new Error(`the scene of \`${task.id}\` failed at ${tool}: ${answer.error.message}`);
    plan = /plan-[0-9a-f]{16}/.exec(JSON.stringify(answer.content))?.[0] ?? plan;
  }
}

/** Arguments with `$plan` written out. */
export function withPlan(args: Record<string, unknown>, plan: string | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(
    JSON.stringify(args).replaceAll('$plan', plan ?? 'plan-0000000000000000'),
  );
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
