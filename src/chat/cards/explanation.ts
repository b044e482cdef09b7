import type { Explanation } from '../../model/contract-view.ts';
import { bullets, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { constraintTable, hereLines, siteTable } from './reasons.ts';
import { refusalCard } from './refusal.ts';
import { ruleLines, verbOf } from './rules.ts';
import { section } from './section.ts';
import { answerEnd } from './snapshot.ts';
import { offsetOf } from './time.ts';

/** Why something fits or does not, with the numbers of each step. */
export function explanationCard(explanation: Explanation, room: Room): Line[] {
  const { subject, verdict, policyHits, refusal, snapshot } = explanation;
  const zoned = { ...room, zone: offsetOf(snapshot.at) };
  const fits = verdict === 'fits';
  const title = [span(`${subject}: `, 'strong'), span(fits ? 'fits' : 'does not fit', fits ? 'good' : 'bad')];
  return [
    ...wrap(title, columnsOf(room)),
    ...(refusal === undefined ? reasons(explanation, zoned) : refusalCard(refusal, zoned)),
    ...section('Rules', ruleLines(policyHits, verbOf, room), room),
    ...section(
      'Assumed',
      bullets(
        explanation.assumptions.map((text) => [span(text)]),
        room,
      ),
      room,
    ),
    ...answerEnd(explanation, room),
  ];
}

/** Why here and not elsewhere. */
function reasons({ summary, sites, here, constraints }: Explanation, room: Room): Line[] {
  return [
    ...wrap([{ text: '  ' }, span(summary)], columnsOf(room), 2),
    ...section('Sites', [...siteTable(sites, room), ...hereLines(here, room)], room),
    ...section('Candidates left by each constraint', constraintTable(constraints, room), room),
  ];
}
