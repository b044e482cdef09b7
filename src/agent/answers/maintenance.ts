import { DateTime } from 'luxon';

import { MaintenancePlan } from '../../model/simulation-view.ts';
import { isoOf, sayMs, stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { listed, plural } from '../reply.ts';
import { type Answer, answered, asking, type Talk, using } from './answer.ts';
import { placesMeant } from './placement.ts';

/** How places get empty without breaking a contract: moves, what stands in the way, when each node is free. */
export async function drain(talk: Talk): Promise<Answer> {
  const { lose: places, problems } = placesMeant(talk);
  if (problems.length > 0) return asking(talk, problems, 'To plan this I need to know');
  const args = { places, ...windowOf(talk) };
  const plan = await talk.calls.ask('maintenance_plan', args, MaintenancePlan);
  return answered(
    talk,
    `${planWords(plan, talk.zone)} Nothing has been changed.`,
    [{ kind: 'maintenance', plan }],
    using(['place', 'time', 'gpus', 'length']),
    /\b(?:contract|contracts|breaking|break|without|any|empty|out|service|rotation|maintenance|offline)\b/gu,
  );
}

/** From when until when nothing may stand there, as far as the line says. */
function windowOf({ reading, zone, gazetteer }: Talk): { from?: string; until?: string } {
  const times = spansOf(reading, 'time');
  const start = times.find(({ role }) => role !== 'end');
  const end = times.find(({ role }) => role === 'end');
  const from = start && stretchOf(start.moment, zone)?.start;
  const until = end && stretchOf(end.moment, zone)?.start;
  const isLater = from !== undefined && from.toMillis() > gazetteer.summary.snapshot.atMs;
  return {
    ...(isLater ? { from: isoOf(from) } : {}),
    ...(until !== undefined && (from === undefined || until > from) ? { until: isoOf(until) } : {}),
  };
}

const outcomes = {
  free: 'all of it gets empty and no contract is broken',
  'in-part': 'some of it gets empty without breaking a contract',
  blocked: 'nothing of it gets empty without breaking a contract',
} as const;

function planWords({ outcome, moves, hindrances, nodes, untouched }: MaintenancePlan, zone: string): string {
  const moved = moves.map(
    ({ contract, tenant, guarantee, gpuCount, to, plan }) =>
      `${contract} (${tenant}, ${guarantee}, ${plural(gpuCount, 'GPU')}) moves to ${listed(to, 4)}${plan === undefined ? ' after the moves before it' : ` by ${plan}`}`,
  );
  const stuck = hindrances.map(({ contract, tenant, until, why }) => {
    const end = until === undefined ? 'has no end' : `ends ${instant(until, zone)}`;
    return `${contract} (${tenant}) cannot move: ${why}; it ${end}`;
  });
  const held = nodes.filter(({ heldBy }) => heldBy.length > 0);
  const words = [...moved, ...stuck];
  const hit = words.length === 0 ? 'No contract stands there in that time.' : `${listed(words, 6)}.`;
  const later =
    untouched === 0 ? '' : ` ${plural(untouched, 'contract')} there is over by then, or begins later.`;
  const size = `${plural(nodes.length, 'node')}, ${held.length} of them held`;
  return `Draining ${size}: ${outcomes[outcome]}. ${hit}${later}`;
}

function instant(iso: string, zone: string): string {
  return sayMs(DateTime.fromISO(iso).toMillis(), zone);
}
