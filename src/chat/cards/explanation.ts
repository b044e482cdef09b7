import type { Explanation } from '../../model/view.ts';
import { blank, bullets, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { constraintTable, hitList, siteTable } from './reasons.ts';
import { refusalCard } from './refusal.ts';
import { section } from './section.ts';
import { answerEnd } from './snapshot.ts';
import { offsetOf } from './time.ts';

/** Why something fits or does not, with the numbers of each step. */
export function explanationCard(explanation: Explanation, room: Room): Line[] {
  const { subject, verdict, summary, sites, constraints, policyHits, refusal, snapshot } = explanation;
  const zoned = { ...room, zone: offsetOf(snapshot.at) };
  const fits = verdict === 'fits';
  const title = [span(`${subject}: `, 'strong'), span(fits ? 'fits' : 'does not fit', fits ? 'good' : 'bad')];
  return [
    ...wrap(title, columnsOf(room)),
    ...wrap([{ text: '  ' }, span(summary)], columnsOf(room), 2),
    ...section('Sites', siteTable(sites, zoned), room),
    ...section('Candidates left by each constraint', constraintTable(constraints, room), room),
    ...section('Rules', hitList(policyHits, room), room),
    ...section(
      'Assumed',
      bullets(
        explanation.assumptions.map((text) => [span(text)]),
        room,
      ),
      room,
    ),
    ...(refusal === undefined ? [] : [blank, ...refusalCard(refusal, zoned)]),
    ...answerEnd(explanation, room),
  ];
}
