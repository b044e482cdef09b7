import { z } from 'zod';

import { defineTool, reading } from '../src/mcp/tool.ts';
import { BerthError } from '../src/model/error.ts';
import { ScenarioEdit } from '../src/model/scenario.ts';
import { Simulation } from '../src/model/simulation-view.ts';

/** What an edit looks like: as a JSON Schema it would cost ten times as much. */
const form =
  'one of {lose|cordon|maintain:[PLACE],from?,until?}, {add:{site,count,like:NODE,rack?,from?:INSTANT|"lead-time"}}, ' +
  '{price:{model,site?,eurPerHour|percent}}, {rule:{tenant,countries?,excludeCountries?,regimes?,operatorSeats?}}, ' +
  '{site:{site,country?,operatorSeat?}}, {grow:{demand as in placement_plan,times,everyDays?}}';

const { lose, from, until } = ScenarioEdit.shape;
const input = z.strictObject({
  lose,
  from,
  until,
  edits: z
    .array(ScenarioEdit.meta({ told: true, description: form }))
    .min(1)
    .max(20)
    .optional()
    .describe('true together'),
});

export const placementSimulate = defineTool({
  name: 'placement_simulate',
  description:
    'What if: contracts hit, where they could go, capacity left. Runs on a copy: changes and reserves ' +
    'nothing. Give `lose`, or `edits` for anything else. For one workload use placement_plan.',
  input,
  output: Simulation,
  annotations: reading('Simulate a scenario'),
  scope: 'berth:plan',
  cuts: ['contracts[].to', 'prices', 'remaining', 'contracts'],
  narrow: 'give fewer edits at once',
  run: (asked, { control, caller }) => control.simulate(caller, { edits: editsOf(asked) }),
});

/** `lose` with its times is the short form of one edit. */
function editsOf({ edits = [], ...only }: z.output<typeof input>): readonly ScenarioEdit[] {
  const given = Object.fromEntries(Object.entries(only).filter(([, value]) => value !== undefined));
  const all = only.lose === undefined ? edits : [given, ...edits];
  if (all.length > 0 && (only.lose !== undefined || Object.keys(given).length === 0)) return all;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: 'placement_simulate needs `lose` or `edits`',
    fix: 'give `lose` with places, or `edits` whose own `from` and `until` stand inside them',
    allowed: ['lose', 'edits'],
  });
}
