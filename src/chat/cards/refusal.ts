import type { RefusalView } from '../../model/plan-view.ts';
import type { Refusal } from '../../model/refusal.ts';
import { countOf, formatEur } from './amount.ts';
import { authorityFacts } from './authority.ts';
import { blank, bullets, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { constraintTable, siteTable } from './reasons.ts';
import { ruleLines, verbOf } from './rules.ts';
import { section } from './section.ts';
import { formatAt, formatInstant } from './time.ts';

/** A no with its numbers, and the changes that were tried and fit, numbered. */
export function refusalCard(view: RefusalView, room: Room): Line[] {
  const zoned = { ...room, zone: view.zone };
  return [
    ...wrap([span(`No: ${view.kind.replaceAll('-', ' ')}`, 'bad')], columnsOf(room)),
    ...wrap([{ text: '  ' }, span(view.summary)], columnsOf(room), 2),
    ...details(view.refusal, zoned),
    ...section('Sites', siteTable(view.sites, zoned), room),
    ...section('What would work', relaxationLines(view, room), room),
  ];
}

function relaxationLines(view: RefusalView, room: Room): Line[] {
  return view.relaxations.flatMap(({ change, start, ...cost }, i) => {
    const price = costPhrase(cost);
    const line = [
      span(`  ${i + 1}. `, 'accent'),
      span(change),
      span(` (from ${formatInstant(start)}${price})`, 'dim'),
    ];
    return wrap(line, columnsOf(room), 5);
  });
}

/** The whole price, or that of an hour where there is no end; nothing where nobody has recorded one. */
function costPhrase({ totalMicroEur, microEurPerHour }: Cost): string {
  if (totalMicroEur !== undefined) return `, ${formatEur(totalMicroEur)} in total`;
  return microEurPerHour === undefined ? '' : `, ${formatEur(microEurPerHour)} an hour`;
}

type Cost = Pick<RefusalView['relaxations'][number], 'totalMicroEur' | 'microEurPerHour'>;

function details(refusal: Refusal, room: Room): Line[] {
  if (refusal.kind === 'no-capacity')
    return [...constraints(refusal.constraints, room), ...nearest(refusal, room), ...conflict(refusal, room)];
  if (refusal.kind === 'policy-denied')
    return [
      ...section('Rules', ruleLines(refusal.hits, verbOf, room), room),
      ...constraints(refusal.constraints, room),
    ];
  if (refusal.kind === 'fact-missing')
    return [
      ...section('Missing facts', factLines(refusal.facts, room), room),
      ...constraints(refusal.constraints, room),
    ];
  return section(
    'Details',
    bullets(
      facts(refusal, room).map((text) => [span(text)]),
      room,
    ),
    room,
  );
}

function constraints(counts: Parameters<typeof constraintTable>[0], room: Room): Line[] {
  return section('Candidates left by each constraint', constraintTable(counts, room), room);
}

function nearest(refusal: Extract<Refusal, { kind: 'no-capacity' }>, room: Room): Line[] {
  if (refusal.nearest === undefined) return [];
  const { place, startMs, replicasFit, replicasWanted, binding } = refusal.nearest;
  const fits = `${replicasFit} of ${countOf(replicasWanted, 'replica')} fit`;
  const when = zonedTime(startMs, room);
  const line = [
    { text: '  ' },
    span(place, 'accent'),
    span(` from ${when}: ${fits}; the next one fails on ${binding}`),
  ];
  return section('Nearest', wrap(line, columnsOf(room), 4), room);
}

/** What cannot be had together: one line, or none. */
function conflict(refusal: Extract<Refusal, { kind: 'no-capacity' }>, room: Room): Line[] {
  if (refusal.conflict.length === 0) return [];
  const line = [{ text: '  ' }, span('Conflict:', 'dim'), span(` ${refusal.conflict.join(' + ')}`)];
  return [blank, ...wrap(line, columnsOf(room), 4)];
}

type MissingFacts = Extract<Refusal, { kind: 'fact-missing' }>['facts'];

function factLines(missing: MissingFacts, room: Room): Line[] {
  return bullets(
    missing.map(({ attribute, subjectCount, example, fix }) => {
      const where = example === undefined ? '' : `, such as ${example}`;
      return [
        span(attribute, 'warn'),
        span(` unknown for ${countOf(subjectCount, 'subject')}${where}. To change it: ${fix}`),
      ];
    }),
    room,
  );
}

type Plain = Exclude<Refusal, { kind: 'no-capacity' | 'policy-denied' | 'fact-missing' }>;

/** The numbers and names of a refusal that has no table. */
function facts(refusal: Plain, room: Room): string[] {
  const at = (atMs: number) => zonedTime(atMs, room);
  switch (refusal.kind) {
    case 'model-unknown':
      return [
        `asked for: ${refusal.asked.join(', ')}`,
        `known models: ${refusal.known.join(', ') || 'none'}`,
      ];
    case 'place-unknown':
      return [`asked for: ${refusal.asked.join(', ')}`];
    case 'flow-unknown':
      return [
        `asked for: ${refusal.asked.join(', ')}`,
        `a flow joins: ${refusal.known.join(', ') || 'nothing'}`,
      ];
    case 'over-budget':
      return overBudget(refusal);
    case 'window-impossible':
      return [
        refusal.why,
        `earliest start ${at(refusal.earliestStartMs)}`,
        `latest start ${at(refusal.latestStartMs)}`,
      ];
    case 'not-supported':
      return [refusal.feature];
    case 'demand-impossible':
      return [refusal.field, refusal.why];
    case 'tenant-unknown':
      return [`asked for: ${refusal.tenant}`, `known tenants: ${refusal.known.join(', ') || 'none'}`];
    case 'plan-expired':
      return [`${refusal.plan} expired ${at(refusal.expiredAtMs)}`];
    case 'plan-stale':
      return refusal.changed;
    case 'contract-unknown':
      return [`contract: ${refusal.contract}`];
    case 'contract-ended':
      return [`${refusal.contract} is ${refusal.state} since ${at(refusal.endedAtMs)}`];
    case 'version-conflict':
      return [`${refusal.contract} has version ${refusal.actual}, the request expected ${refusal.expected}`];
    case 'lease-limit':
      return [`at most ${refusal.most} ${refusal.limit}, asked for ${refusal.asked}`];
    case 'not-held':
      return [`plan: ${refusal.plan}`];
    case 'place-in-use':
      return refusal.holders.map(({ holder, fromMs, toMs }) => {
        const end = toMs === undefined ? 'without end' : `to ${at(toMs)}`;
        return `${holder} holds it from ${at(fromMs)} ${end}`;
      });
    case 'governance-refused':
    case 'binding-refused':
    case 'observation-refused':
    case 'template-refused':
    case 'run-refused':
      return [refusal.note];
    case 'rules-stand':
      return refusal.rules.map(
        ({ rule, article, why, sites }) => `${rule} (${article}) at ${sites.join(', ')}: ${why}`,
      );
    case 'policy-engine':
      return [`sites: ${refusal.sites.join(', ')}`, refusal.note];
    case 'maintenance-unknown':
      return [`window: ${refusal.id}`];
    case 'maintenance-ended':
      return [`${refusal.id} ended ${at(refusal.endedAtMs)}`];
    case 'not-authorised':
    case 'outside-mandate':
    case 'rate-limited':
    case 'stopped':
    case 'approval-void':
    case 'may-not-decide':
    case 'unknown-authority':
      return authorityFacts(refusal, room);
    default:
      return refusal satisfies never;
  }
}

function zonedTime(atMs: number, { zone = 'UTC' }: Room): string {
  return `${formatAt(atMs, zone)} ${zone}`;
}

function overBudget({
  basis,
  limitMicroEur,
  lowestMicroEur,
}: Extract<Refusal, { kind: 'over-budget' }>): string[] {
  const per = basis === 'day' ? 'a day' : 'in total';
  return [
    `limit: ${formatEur(limitMicroEur)} ${per}`,
    `lowest price found: ${formatEur(lowestMicroEur)} ${per}`,
  ];
}
