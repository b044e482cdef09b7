import { type Claim, subjectKey } from '../core/inventory/claims.ts';
import type { Gap } from '../core/inventory/gaps.ts';
import { isStale } from '../core/inventory/precedence.ts';
import { newestOf, type Resolved, resolveAttributes, type Said } from '../core/inventory/resolve.ts';
import { claimsAbout } from '../core/inventory/said-about.ts';
import type { State } from '../core/state.ts';
import type {
  ConflictList,
  ConflictView,
  ProvenanceList,
  SaidView,
  UnknownList,
} from '../model/doubt-view.ts';
import { BerthError } from '../model/error.ts';
import { isWithin, parentOf, Path } from '../model/id.ts';
import { standsIn } from '../model/standing.ts';
import { cleanText, compareText } from '../model/text.ts';
import type { Door } from './door.ts';
import { pageOf } from './page.ts';
import { notFound, placeNamed } from './place-name.ts';
import { snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

export type DoubtFilter = { readonly within?: string; readonly limit: number; readonly cursor?: string };

/** Attributes about which sources say different things, by place. */
export async function listConflicts(door: Door, filter: DoubtFilter): Promise<ConflictList> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const found = subjectsIn(state, filter.within).flatMap((claims) =>
    resolved(state, claims)
      .filter(({ conflicts }) => conflicts.length > 0)
      .map((attribute) => conflictView(attribute, nowMs)),
  );
  const page = pageOf(found, filter);
  return { snapshot: snapshotOf(moment), conflicts: [...page.items], ...restOf(page, found.length) };
}

/** What sources left open, by place; what belongs to no place comes first. */
export async function listUnknown(door: Door, filter: DoubtFilter): Promise<UnknownList> {
  const moment = await door.moment();
  const { state } = moment;
  const isHere = within(state, filter.within);
  const found = [...state.gaps.values()]
    .flat()
    .filter(({ unknown: { subject } }) =>
      subject === undefined ? filter.within === undefined : isHere(subject),
    )
    .toSorted(byPlace);
  const page = pageOf(found, filter);
  return { snapshot: snapshotOf(moment), unknown: page.items.map(gapView), ...restOf(page, found.length) };
}

/** Everything that anybody has said about a place and what is in it, used or not, with where it stands. */
export async function listProvenance(
  door: Door,
  filter: DoubtFilter & { readonly within: string },
): Promise<ProvenanceList> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const page = pageOf(subjectsIn(state, filter.within), filter);
  const subjects = page.items.flatMap((claims) => {
    const fact = claims[0]?.fact;
    if (fact === undefined) return [];
    const attributes = resolved(state, claims).map(({ name, said }) => ({
      name,
      said: saidViews(said, name, nowMs),
    }));
    return [{ id: fact.subject, kind: fact.kind, attributes }];
  });
  return { snapshot: snapshotOf(moment), subjects, ...restOf(page, subjectsIn(state, filter.within).length) };
}

function resolved(state: State, [first]: readonly Claim[]): readonly Resolved[] {
  if (first === undefined) return [];
  const { kind, subject } = first.fact;
  return resolveAttributes(claimsAbout(state.claims, subjectKey(kind, subject)), newestOf(state.claims));
}

function restOf({ nextCursor }: { readonly nextCursor?: string }, total: number) {
  return {
    total,
    truncated: nextCursor !== undefined,
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

/** The claims about every subject of a place, in the order of its path. Throws for a place that nobody knows. */
function subjectsIn(state: State, asked: string | undefined): readonly (readonly Claim[])[] {
  const isHere = within(state, asked);
  return [...state.claims.values()]
    .filter(([first]) => first !== undefined && isHere(first.fact.subject))
    .toSorted((a, b) => bySubject(a[0], b[0]));
}

function bySubject(a: Claim | undefined, b: Claim | undefined): number {
  return (
    compareText(a?.fact.subject ?? '', b?.fact.subject ?? '') ||
    compareText(a?.fact.kind ?? '', b?.fact.kind ?? '')
  );
}

function byPlace(a: Gap, b: Gap): number {
  return (
    compareText(a.unknown.subject ?? '', b.unknown.subject ?? '') ||
    compareText(a.unknown.attribute, b.unknown.attribute) ||
    compareText(a.source, b.source)
  );
}

/** Whether a subject is a place or in it. A node is where its rack is, and its devices with it. */
function within(state: State, asked: string | undefined): (subject: Path) => boolean {
  if (asked === undefined) return () => true;
  const place = subjectNamed(state, asked);
  return (subject) => {
    if (isWithin(subject, place)) return true;
    const node = state.fleet.nodeById.get(subject) ?? state.fleet.nodeById.get(parentOf(subject) ?? subject);
    return node !== undefined && standsIn(node, place);
  };
}

/** A subject by its path, also a switch or a device; else the place that answers to the name. */
function subjectNamed(state: State, asked: string): Path {
  const exact = Path.safeParse(asked.trim().toLowerCase());
  if (exact.success && isSubject(state, exact.data)) return exact.data;
  try {
    return placeNamed(state, asked);
  } catch (error) {
    const place =
      error instanceof BerthError && error.detail.code === 'NOT_FOUND'
        ? deviceNamed(state, asked)
        : undefined;
    if (place !== undefined) return place;
    throw error;
  }
}

/** `fra1-r12-n03/gpu3`: a device of a node that answers to the name. */
function deviceNamed(state: State, asked: string): Path | undefined {
  const [, node, device] = /^(.+)\/((?:gpu|nic)\d{1,2})$/u.exec(asked.trim().toLowerCase()) ?? [];
  if (node === undefined || device === undefined) return undefined;
  const path = Path.safeParse(`${placeNamed(state, node)}/${device}`);
  if (path.success && isSubject(state, path.data)) return path.data;
  throw notFound(state, asked);
}

const kinds = [
  'gpu',
  'nic',
  'leaf',
  'spine',
  'rack',
  'hall',
  'loop',
  'feed',
  'wan-link',
  'storage-pool',
  'shape',
] as const;

function isSubject(state: State, path: Path): boolean {
  return kinds.some((kind) => state.claims.has(subjectKey(kind, path)));
}

function conflictView(attribute: Resolved, nowMs: number): ConflictView {
  const { fact } = attribute.claim;
  const differing = [attribute, ...attribute.conflicts];
  return {
    subject: fact.subject,
    kind: fact.kind,
    attribute: attribute.name,
    values: saidViews(differing, attribute.name, nowMs),
  };
}

/** The first is used. */
function saidViews(said: readonly Said[], name: string, nowMs: number): SaidView[] {
  return said.map(({ value, claim }, index) => ({
    value: cleanText(JSON.stringify(value), 2000),
    source: claim.source,
    file: cleanText(claim.origin.file),
    ...(claim.origin.line === undefined ? {} : { line: claim.origin.line }),
    observedAt: isoIn(claim.observedAtMs, 'UTC'),
    confidence: claim.confidence,
    used: index === 0,
    stale: isStale(claim, name, nowMs),
  }));
}

function gapView({ source, observedAtMs, unknown }: Gap): UnknownList['unknown'][number] {
  const { subject, attribute, why, origin } = unknown;
  return {
    ...(subject === undefined ? {} : { subject }),
    attribute: cleanText(attribute),
    why: cleanText(why, 300),
    source,
    file: cleanText(origin.file),
    ...(origin.line === undefined ? {} : { line: origin.line }),
    observedAt: isoIn(observedAtMs, 'UTC'),
  };
}
