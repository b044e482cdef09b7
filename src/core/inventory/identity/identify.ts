import type { Fact, Observation, Unknown } from '../../../model/fact.ts';
import { parentOf, type Path } from '../../../model/id.ts';
import { compareText } from '../../../model/text.ts';
import type { Claims } from '../claims.ts';
import { worded } from './identifiers.ts';
import { type Machine, machineOf, machinesOfClaims, machinesOfObservation } from './machines.ts';
import type { Match } from './match.ts';
import { matchAll } from './matches.ts';
import { contradiction, type IdentityProblem, placeless, withoutPlace } from './problems.ts';
import { placesOf } from './rack.ts';
import { settle, type Settlement, settledFact } from './settle.ts';
import { type Open, translated, translatedPath, type Translation, translationTo } from './translate.ts';

/** An observation that speaks of known machines by their known paths, and what of it cannot be recorded. */
export type Identified = {
  readonly observation: Observation;
  readonly problems: readonly IdentityProblem[];
};

/**
 * Finds out which machines of the inventory an observation speaks of, and says it in the inventory's words: paths of
 * nodes, numbers of devices, numbers of switches and islands. A machine that is new keeps the path its source gave it;
 * one that fits none, or several, is left out and becomes a problem. Pure; a result that is recorded comes out the same
 * when it is read again.
 */
export function identify(claims: Claims, observation: Observation): Identified {
  const known = machinesOfClaims(claims);
  const observed = machinesOfObservation(observation);
  const matches = matchAll(known, observed, observation.source);
  const settlement = settle(observation, matches);
  const found = noFindings();
  addPlaces(observation, settlement, found);
  const around = { places: placesOf(claims, observation), source: observation.source };
  const translations = new Map<Path, Translation>();
  for (const machine of observed.values()) {
    const match = matches.get(machine.path);
    const other = match?.kind === 'known' ? known.get(match.path) : undefined;
    if (match?.kind === 'new') found.facts.push(...machine.facts.map(({ fact }) => fact));
    else if (match === undefined || other === undefined) found.problems.push(problemOf(machine, match));
    else {
      const translation = translationTo(other, machine, { claims, source: observation.source });
      translations.set(machine.path, translation);
      addMachine(found, translation, translated(machine, translation, around));
      if (match.kind === 'known') addChanges(found, match);
    }
  }
  const unrecorded = new Set(found.problems.map(({ subject }) => subject));
  const follow = (unknown: Unknown) => following(unknown, { translations, unrecorded, settlement });
  return closed(observation, found, { settlement, follow });
}

type Findings = {
  readonly facts: Fact[];
  readonly open: (Open & { readonly path: Path })[];
  readonly byOrder: Path[];
  readonly changed: string[];
  readonly problems: IdentityProblem[];
};

function noFindings(): Findings {
  return { facts: [], open: [], byOrder: [], changed: [], problems: [] };
}

/** What is no part of a machine: as it is, with a site where the source knew none. */
function addPlaces(observation: Observation, { pathOf }: Settlement, found: Findings): void {
  for (const fact of observation.facts) {
    if (machineOf(fact) !== undefined) continue;
    const subject = pathOf(fact.subject);
    if (subject === undefined) found.problems.push(placeless(fact));
    else found.facts.push(subject === fact.subject ? fact : { ...fact, subject });
  }
}

function addMachine(
  found: Findings,
  { known: { path }, gpus, nics }: Translation,
  { facts, open }: ReturnType<typeof translated>,
): void {
  found.facts.push(...facts);
  found.open.push(...open.map((left) => ({ ...left, path })));
  if (gpus.isAssumed || nics.isAssumed) found.byOrder.push(path);
}

function addChanges(found: Findings, match: Extract<Match, { kind: 'known' }>): void {
  for (const { from, to } of match.changed)
    found.changed.push(`${match.path} had the ${worded(from)} and has the ${worded(to)} now`);
}

function problemOf(machine: Machine, match: Match | undefined): IdentityProblem {
  return match?.kind === 'contradiction'
    ? contradiction(machine, match.known, match.why)
    : withoutPlace(machine);
}

/** A gap goes with the machine it is about. Gaps of machines that are not recorded are said as one. */
function following(
  unknown: Unknown,
  {
    translations,
    unrecorded,
    settlement,
  }: {
    readonly translations: ReadonlyMap<Path, Translation>;
    readonly unrecorded: ReadonlySet<Path>;
    readonly settlement: Settlement;
  },
): readonly Unknown[] {
  const { subject, ...rest } = unknown;
  if (subject === undefined) return [unknown];
  const machine = parentOf(subject);
  if (unrecorded.has(subject) || (machine !== undefined && unrecorded.has(machine))) return [];
  const translation =
    translations.get(subject) ?? (machine === undefined ? undefined : translations.get(machine));
  const path =
    translation === undefined
      ? settlement.pathOf(subject)
      : (translatedPath(subject, translation) ?? translation.known.path);
  return [path === undefined ? rest : { ...rest, subject: path }];
}

function closed(
  observation: Observation,
  found: Findings,
  { settlement, follow }: { settlement: Settlement; follow: (unknown: Unknown) => readonly Unknown[] },
): Identified {
  const problems = found.problems.toSorted((a, b) => compareText(a.subject, b.subject));
  const open = found.open.map(({ path, attribute, why, fact }) => ({
    subject: path,
    attribute,
    why: why.slice(0, 300),
    origin: fact.origin,
  }));
  const gaps = [...observation.unknown.flatMap(follow), ...open, ...problems.map(gapOf)];
  return {
    problems,
    observation: {
      ...observation,
      facts: found.facts
        .map((fact) => settledFact(fact, settlement.pathOf))
        .toSorted((a, b) => compareText(a.subject, b.subject) || compareText(a.kind, b.kind)),
      assumptions: [...observation.assumptions, ...assumed(found, settlement)].slice(0, 100),
      unknown: gaps.slice(0, 100_000),
    },
  };
}

function gapOf({ subject, why, origin }: IdentityProblem): Unknown {
  return { attribute: 'identity', why: `${subject} is not recorded: ${why}`.slice(0, 300), origin };
}

function assumed({ byOrder, changed }: Findings, { assumption }: Settlement): readonly string[] {
  const some = `${byOrder.slice(0, 3).join(', ')}${byOrder.length > 3 ? ` and ${byOrder.length - 3} more` : ''}`;
  const more = changed.length > 5 ? [`and ${changed.length - 5} more machines with changed numbers`] : [];
  return [
    ...(assumption === undefined ? [] : [assumption]),
    ...(byOrder.length === 0
      ? []
      : [`devices are told apart by their order on the PCI bus alone, on ${some}`.slice(0, 300)]),
    ...[...changed.slice(0, 5), ...more].map((text) => text.slice(0, 300)),
  ];
}
