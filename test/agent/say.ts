import { z } from 'zod';

import type { Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { type FakeFleet, fakeFleet, type FleetOptions } from './fleet.ts';

export type Talked = { readonly turns: readonly Turn[]; readonly last: Turn; readonly fleet: FakeFleet };

/** Says lines one after the other to a fresh interpreter on a fresh fake fleet. */
export async function talk(lines: readonly string[], options?: FleetOptions): Promise<Talked> {
  const fleet = fakeFleet(options);
  const agent = createInterpreter({ toolbox: fleet });
  const turns: Turn[] = [];
  for (const line of lines) turns.push(await agent.turn(line));
  const last = turns.at(-1);
  if (last === undefined) throw new Error('nothing was said');
  return { turns, last, fleet };
}

const PlanArgs = z.object({ demand: DemandRequest, assumptions: z.array(z.string()).default([]) });

/** The demand that the last line led to. Throws with the question when there was no plan. */
export async function planned(...lines: string[]) {
  const { fleet, last } = await talk(lines);
  const args = fleet.calls.at(-1)?.tool === 'placement_plan' ? fleet.last('placement_plan') : undefined;
  if (args === undefined) throw new Error(`no plan: ${last.reply}`);
  return PlanArgs.parse(args);
}
