import { isWithin } from '../model/id.ts';
import { compareText } from '../model/text.ts';
import type { Frame, Problem } from './frame.ts';
import { type Gazetteer, modelNames } from './gazetteer.ts';
import type { Moment } from './moment.ts';
import { rawOf } from './normalise.ts';
import { type Reading, spansOf as allSpansOf } from './reading.ts';
import {
  type Amount,
  matches,
  mask,
  type Meaning,
  type Place,
  type Span,
  type SpanOf,
  type Trait,
  type TraitValues,
} from './spans/span.ts';

/** Without what was named only to be replaced: `instead of acme`. */
function spansOf<K extends Meaning['kind']>(reading: Reading, kind: K): readonly SpanOf<K>[] {
  return allSpansOf(reading, kind).filter((span) => !isInstead(reading, span));
}

export type FrameReading = { readonly frame: Frame; readonly problems: readonly Problem[] };

/** The slots that one line fills, and what is contradictory, unknown or denied in it. */
export function frameOf(reading: Reading, gazetteer: Gazetteer): FrameReading {
  const parts: FrameReading[] = [
    tenantSlots(reading),
    amountSlots(reading),
    modelSlots(reading, gazetteer),
    placeSlots(reading),
    regionSlots(reading),
    traitSlots(reading),
    resourceSlots(reading),
    moneySlots(reading),
    timeSlots(reading),
  ];
  const notes = parts.flatMap(({ frame }) => frame.notes ?? []);
  const merged = parts.reduce<Frame>((all, { frame }) => ({ ...all, ...frame }), {});
  return {
    frame: { ...merged, ...(notes.length === 0 ? {} : { notes }) },
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** Kinds of spans that a request has a slot for. */
export function isRequestSpan(span: Span): boolean {
  if (span.kind === 'trait') return true;
  return !['contract', 'plan', 'number', 'fraction', 'unknown-place'].includes(span.kind);
}

/**
 * A bare number that answers the question how many: `16`, `16 of them`, `make it 16`, `2 nodes`. A number that
 * counts something else (`900 per day`, `50 percent`, `option 1`) is none.
 */
export function amountOfBareNumber(reading: Reading): Amount | undefined {
  const [only, ...more] = spansOf(reading, 'number');
  if (only === undefined || more.length > 0 || spansOf(reading, 'amount').length > 0) return undefined;
  if (
    !Number.isInteger(only.value) ||
    only.value <= 0 ||
    countsOther.test(reading.line.text.slice(0, only.from))
  )
    return undefined;
  const rest = mask(
    reading.line.text,
    reading.spans.filter(({ kind }) => kind !== 'number'),
  ).slice(only.to);
  if (/^ (?:full |whole |entire )?(?:nodes?|servers?|machines?|hosts?|boxes|box)\b/u.test(rest))
    return { shape: 'nodes', groups: only.value };
  return countEnd.test(rest) ? { shape: 'total', gpus: only.value } : undefined;
}

const countsOther =
  /\b(?:option|offer|number|alternative|budget|price|costs?|cap|limit|spend|pay|money|version|replicas?|left|nodes?|racks?|day|hour|core|cores|memory|cw|kw|week)\b[^,.;!?]{0,12}$/u;
const countEnd =
  /^(?:\s*$|\s*[,.;!?)]|  | (?:costs?|fit|of (?:them|those|these|it)|then|instead|please|pls|rather|now|though|thanks|for|in|at|on|with|from|until|till|starting|and|but|or|not|only|total|altogether|more|fewer|less|additional|extra)\b(?! total\b))/u;

function tenantSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'tenant');
  const tenants = [...new Set(spans.map(({ tenant }) => tenant))];
  const guessed = spans.filter(({ exact }) => !exact);
  const notes = guessed.map((span) => `\`${rawOf(reading.line, span)}\` is read as ${span.tenant}`);
  const [tenant] = tenants;
  if (tenant === undefined) return { frame: {}, problems: [] };
  if (tenants.length > 1) return { frame: {}, problems: [either('tenant', 'which team', tenants)] };
  const [project] = spansOf(reading, 'project');
  const frame = { tenant, ...(project === undefined ? {} : { project: project.project }) };
  return { frame: notes.length === 0 ? frame : { ...frame, notes }, problems: [] };
}

function amountSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'amount');
  const [first, ...more] = spans;
  if (first === undefined) return { frame: {}, problems: [] };
  const written = rawOf(reading.line, first);
  if (more.length > 0)
    return {
      frame: {},
      problems: [
        either(
          'count',
          'how many GPUs',
          spans.map((span) => sizeOf(span.amount)),
        ),
      ],
    };
  if (first.bound === 'at-most' || first.bound === 'more-than')
    return {
      frame: {},
      problems: [
        {
          slot: 'count',
          text: `how many GPUs exactly (\`${written}\`)`,
          suggestions: [sizeOf(first.amount)],
        },
      ],
    };
  const loose = first.bound === 'at-least' || first.bound === 'about';
  const notes = loose ? [`\`${written}\` is read as exactly ${sizeOf(first.amount)}`] : [];
  return { frame: { amount: first.amount, ...(loose ? { notes } : {}) }, problems: [] };
}

function sizeOf(amount: Amount): string {
  if (amount.shape === 'total') return `${amount.gpus}`;
  if (amount.shape === 'nodes') return `${amount.groups} nodes`;
  return amount.shape === 'each' ? `${amount.groups} x ${amount.gpus}` : `${amount.gpus} on ${amount.groups}`;
}

function modelSlots(reading: Reading, gazetteer: Gazetteer): FrameReading {
  const spans = spansOf(reading, 'model').filter(({ negative }) => negative !== true);
  const refused = spansOf(reading, 'model').filter(({ negative }) => negative === true);
  const problems = refused.map((span) => ({
    slot: 'model',
    text: `which model instead (\`${rawOf(reading.line, span)}\`)`,
    suggestions: modelNames(gazetteer.summary),
  }));
  const known = spans.map((span) => (span.models.length > 0 ? span.models : [span.asked]));
  const distinct = new Set(known.map((models) => models.join()));
  const joined = spans
    .slice(1)
    .every((span, i) => /\bor\b|\/|\bowise\b/u.test(reading.line.text.slice(spans[i]?.to ?? 0, span.from)));
  if (distinct.size > 1 && !joined && !isNarrowing(known))
    return { frame: {}, problems: [...problems, either('model', 'which model', [...new Set(known.flat())])] };
  const models = isNarrowing(known) ? narrowest(known) : [...new Set(known.flat())];
  const notes = spans
    .filter((span) => span.models.length > 1 && !joined)
    .map((span) => `\`${rawOf(reading.line, span)}\` is any of ${span.models.join(', ')}`);
  const frame =
    models.length === 0
      ? {}
      : { models: models.toSorted(compareText), ...(notes.length === 0 ? {} : { notes }) };
  return { frame, problems };
}

/** `H100 … H100-SXM-80GB`: the second says more than the first, not something else. */
function isNarrowing(sets: readonly (readonly string[])[]): boolean {
  return sets.length > 1 && narrowest(sets).length > 0;
}

function narrowest(sets: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = sets;
  return first.filter((model) => rest.every((set) => set.includes(model)));
}

function placeSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'place');
  const plain = spans.filter(({ negative }) => negative !== true);
  const denied = spans.filter(({ negative }) => negative === true);
  const { places, problems } = resolvePlaces(reading, plain, spans);
  const away = resolvePlaces(reading, denied, spans);
  const where = innermost(places).map(({ path }) => path);
  return {
    frame: {
      ...(where.length === 0 ? {} : { where: where.toSorted(compareText) }),
      ...(away.places.length === 0
        ? {}
        : { avoid: away.places.map(({ path }) => path).toSorted(compareText) }),
    },
    problems: [...problems, ...away.problems],
  };
}

/** The places of spans; one that could be several is decided by the other places of the line, or asked about. */
export function resolvePlaces(
  reading: Reading,
  spans: readonly SpanOf<'place'>[],
  context: readonly SpanOf<'place'>[],
): { readonly places: readonly Place[]; readonly problems: readonly Problem[] } {
  const certain = context.flatMap(({ places }) => (places.length === 1 ? places : []));
  const places: Place[] = [];
  const problems: Problem[] = [];
  for (const span of spans) {
    const near = span.places.filter(({ path }) =>
      certain.some((other) => isWithin(path, other.path) && path !== other.path),
    );
    const chosen = span.places.length === 1 ? span.places : near;
    if (chosen.length === 1) places.push(...chosen);
    else
      problems.push({
        slot: 'place',
        text: `which \`${rawOf(reading.line, span)}\``,
        suggestions: span.places
          .map(({ path }) => path)
          .toSorted(compareText)
          .slice(0, 8),
      });
  }
  return {
    places: places.filter((place, i) => places.findIndex(({ path }) => path === place.path) === i),
    problems,
  };
}

/** Without the places that only say where another one is. */
export function innermost(places: readonly Place[]): readonly Place[] {
  return places.filter(
    ({ path }) => !places.some((other) => other.path !== path && isWithin(other.path, path)),
  );
}

function regionSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'region');
  const inside = spans.filter(({ negative }) => negative !== true);
  const outside = spans.filter(({ negative }) => negative === true);
  const sets = inside.map(({ region }) => region.countries);
  const common = narrowest(sets);
  const countries = common.length > 0 ? common : [...new Set(sets.flat())];
  const excludeCountries = [...new Set(outside.flatMap(({ region }) => region.countries))];
  const notes = spans.flatMap(({ region }) => region.note ?? []);
  return {
    frame: {
      ...(countries.length === 0 ? {} : { countries: countries.toSorted(compareText) }),
      ...(excludeCountries.length === 0 ? {} : { excludeCountries: excludeCountries.toSorted(compareText) }),
      ...(notes.length === 0 ? {} : { notes }),
    },
    problems: [],
  };
}

function traitSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'trait');
  const problems: Problem[] = [];
  const only = <S extends keyof TraitValues>(slot: S, text: string) => {
    const values = [
      ...new Set(
        spans.flatMap(({ trait, negative }) =>
          isSlot(trait, slot) && negative !== true ? [trait.value] : [],
        ),
      ),
    ];
    if (values.length > 1) problems.push(either(slot, text, values.map(String)));
    const [value] = values;
    return values.length === 1 ? value : undefined;
  };
  const noLink = spans.some(({ trait, negative }) => trait.slot === 'link' && negative === true);
  const noRdma = spans.some(({ trait, negative }) => trait.slot === 'rdma' && negative === true);
  const noIsolation = spans.some(({ trait, negative }) => trait.slot === 'isolation' && negative === true);
  const frame = defined({
    link: noLink ? ('none' as const) : only('link', 'which link'),
    rdma: noRdma ? false : only('rdma', 'whether RDMA'),
    together: only('together', 'which of these must hold all of it'),
    apart: only('apart', 'what must differ'),
    align: only('align', 'how to align'),
    isolation: noIsolation ? ('shared' as const) : only('isolation', 'how isolated'),
    guarantee: only('guarantee', 'which guarantee'),
    objective: only('objective', 'what counts most'),
    surviveLoss: only('survive', 'which loss to survive'),
    isOpenEnded: only('open-end', 'how long'),
    anyModel: only('any-model', 'which model'),
    anyPlace: only('any-place', 'which place'),
  });
  const regimes = spans.flatMap(({ trait }) => (trait.slot === 'regime' ? [trait.value] : []));
  const purpose = spans.find(({ trait }) => trait.slot === 'purpose');
  const notes = spans
    .filter(({ trait }) => trait.slot === 'preference')
    .map((span) => `\`${rawOf(reading.line, span)}\` is read as a must`);
  return {
    frame: {
      ...frame,
      ...(regimes.length === 0 ? {} : { regimes: [...new Set(regimes)].toSorted(compareText) }),
      ...(purpose === undefined ? {} : { purpose: purposeOf(rawOf(reading.line, purpose)) }),
      ...(notes.length === 0 ? {} : { notes }),
    },
    problems,
  };
}

function isSlot<S extends keyof TraitValues>(
  trait: Trait,
  slot: S,
): trait is Trait & { slot: S; value: TraitValues[S] } {
  return trait.slot === slot;
}

function purposeOf(words: string): string {
  return words
    .replace(/^(?:for|to run|to do|run(?:ning)?|für|pour)\s+/iu, '')
    .replace(/^(?:an?|my|our|the|some|their)\s+/iu, '');
}

function resourceSlots(reading: Reading): FrameReading {
  const problems: Problem[] = [];
  const only = <T>(slot: string, text: string, values: readonly T[]): T | undefined => {
    const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
    if (distinct.length > 1)
      problems.push(
        either(
          slot,
          text,
          distinct.map((value) => JSON.stringify(value)),
        ),
      );
    return distinct.length === 1 ? distinct[0] : undefined;
  };
  const cores = only(
    'cores',
    'how many cores',
    spansOf(reading, 'cores').map(({ count, per }) => ({ count, per })),
  );
  const memory = only(
    'memory',
    'how much memory',
    spansOf(reading, 'memory').map(({ mib, per }) => ({ mib, per })),
  );
  const storageGib = only(
    'storage',
    'how much storage',
    spansOf(reading, 'storage').map(({ gib }) => gib),
  );
  const gpuMemoryMib = only(
    'gpu-memory',
    'how much GPU memory',
    spansOf(reading, 'gpu-memory').map(({ mib }) => mib),
  );
  const nicMbps = only(
    'nic',
    'which NIC speed',
    spansOf(reading, 'nic').map(({ mbps }) => mbps),
  );
  const membersLeft = only(
    'survivors',
    'how many must be left',
    spansOf(reading, 'members-left').map(({ count }) => count),
  );
  const frame = defined({ cores, memory, storageGib, gpuMemoryMib, nicMbps, membersLeft });
  return { frame: nicMbps === undefined ? frame : { ...frame, rdma: true }, problems };
}

function moneySlots(reading: Reading): FrameReading {
  const foreign = spansOf(reading, 'foreign-money').map((span) => ({
    slot: 'budget',
    text: `the budget in euros (\`${rawOf(reading.line, span)}\` is in another currency)`,
    suggestions: [],
  }));
  const totals: number[] = [];
  const days: number[] = [];
  const notes: string[] = [];
  const problems: Problem[] = [...foreign];
  for (const span of spansOf(reading, 'money')) {
    const written = rawOf(reading.line, span);
    if (span.basis === 'total') totals.push(span.eur);
    else if (span.basis === 'unclear')
      problems.push({
        slot: 'budget',
        text: `the budget per day or in total (\`${written}\`)`,
        suggestions: [],
      });
    else {
      const eurPerDay = { hour: span.eur * 24, day: span.eur, week: span.eur / 7 }[span.basis];
      days.push(eurPerDay);
      if (span.basis !== 'day') notes.push(`\`${written}\` is ${eurPerDay.toFixed(2)} EUR per day`);
    }
  }
  for (const [values, text] of [
    [totals, 'the budget in total'],
    [days, 'the budget per day'],
  ] as const)
    if (new Set(values).size > 1) problems.push(either('budget', text, values.map(String)));
  const [budgetTotalEur] = totals;
  const [budgetEurPerDay] = days;
  const frame = defined({ budgetTotalEur, budgetEurPerDay });
  return { frame: notes.length === 0 ? frame : { ...frame, notes }, problems };
}

function timeSlots(reading: Reading): FrameReading {
  const times = spansOf(reading, 'time');
  const lengths = spansOf(reading, 'length');
  const problems: Problem[] = [];
  const only = (slot: string, text: string, roles: readonly SpanOf<'time'>['role'][]) => {
    const spans = times.filter(({ role }) => roles.includes(role));
    const [first] = spans;
    if (new Set(spans.map(({ moment }) => JSON.stringify(moment))).size <= 1) return first;
    problems.push(
      either(
        slot,
        text,
        spans.map((span) => rawOf(reading.line, span)),
      ),
    );
    return undefined;
  };
  const during = only('start', 'which time', ['during']);
  const start = only('start', 'from when', ['start', 'bare', 'earliest']);
  const end = only('end', 'until when', ['end']);
  const deadline = only('deadline', 'by when', ['deadline']);
  const latestStart = only('start', 'the latest start', ['latest-start']);
  const within = only('start', 'which time', ['within']);
  const [room, lasting] = roomAndLength(reading, lengths);
  const distinct = new Map(lasting.map((span) => [JSON.stringify(span.length), span]));
  if (distinct.size > 1)
    problems.push(
      either(
        'length',
        'how long',
        lasting.map((span) => rawOf(reading.line, span)),
      ),
    );
  const [length] = distinct.size === 1 ? [...distinct.values()] : [];
  const now: Moment = { day: { kind: 'now' }, saidMs: reading.saidMs };
  const isRoom = room !== undefined && start === undefined && during === undefined && deadline === undefined;
  const saysNow = isRoom || (start === undefined && during === undefined && length?.forward === true);
  const from = start?.moment ?? within?.moment ?? (saysNow ? now : undefined);
  const roomEnd = isRoom ? { ...now, after: room.length } : within?.moment;
  const by =
    deadline === undefined
      ? roomEnd && { moment: roomEnd, inclusive: within !== undefined }
      : { moment: deadline.moment, inclusive: deadline.inclusive };
  return {
    frame: defined({
      start: from ?? (during?.moment.day.kind === 'period' || isLong(during) ? undefined : during?.moment),
      isAfter: start?.role === 'earliest' && start.inclusive ? true : undefined,
      during: isLong(during) ? during?.moment : undefined,
      end: end === undefined ? undefined : { moment: end.moment, inclusive: end.inclusive },
      deadline: by,
      latestStart: latestStart?.moment,
      length: length?.length,
      notes: notesOf(looseLength(reading, length), dayBeforeMonth(reading)),
    }),
    problems,
  };
}

/** `within the next 2 weeks for 3 days`: the first says how much room there is, the second how long it takes. */
function roomAndLength(
  reading: Reading,
  lengths: readonly SpanOf<'length'>[],
): readonly [room: SpanOf<'length'> | undefined, lasting: readonly SpanOf<'length'>[]] {
  const room = lengths.find(
    (span) => span.forward && /^(?:with)?in\b/u.test(reading.line.text.slice(span.from, span.to)),
  );
  return room === undefined || lengths.length === 1
    ? [undefined, lengths]
    : [room, lengths.filter((span) => span !== room)];
}

/** `02/03`: either number could be the month. */
function dayBeforeMonth({ line }: Reading): readonly string[] | undefined {
  const dates = matches(line.text, /(?<![\d./-])(\d{1,2})\/(\d{1,2})(?:\/\d{4})?(?![\d./])/gu);
  const open = dates.filter(
    ({ match: [, day, month] }) => day !== month && Number(day) <= 12 && Number(month) <= 12,
  );
  return open.length === 0
    ? undefined
    : open.map((extent) => `\`${rawOf(line, extent)}\` is read as day and month, in that order`);
}

function notesOf(...notes: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const all = notes.flatMap((some) => some ?? []);
  return all.length === 0 ? undefined : all;
}

function looseLength(reading: Reading, length: SpanOf<'length'> | undefined): readonly string[] | undefined {
  const written = length === undefined ? '' : rawOf(reading.line, length);
  const isLoose = /\b(?:at least|at most|up to|minimum|maximum|min|max|about|around|roughly)\b/iu.test(
    written,
  );
  return isLoose ? [`\`${written}\` is read as exactly that long`] : undefined;
}

/** `for December` is the whole of it; `for Monday` says only when it begins. */
function isLong(time: SpanOf<'time'> | undefined): boolean {
  if (time?.moment.isWeekOf === true) return true;
  return time !== undefined && ['period', 'month', 'quarter', 'year'].includes(time.moment.day.kind);
}

function isInstead(reading: Reading, span: Span): boolean {
  if (span.kind === 'tenant' && span.negative === true) return true;
  return (
    span.negative === true &&
    /\b(?:instead of|rather than|in place of)\b/u.test(reading.line.text.slice(span.from, span.to))
  );
}

function either(slot: string, text: string, suggestions: readonly string[]): Problem {
  return {
    slot,
    text: `${text}: ${[...new Set(suggestions)].join(' or ')}`,
    suggestions: [...new Set(suggestions)],
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  const kept: Defined<T> = {};
  for (const key in value) {
    const one = value[key];
    if (isDefined(one)) kept[key] = one;
  }
  return kept;
}

function isDefined<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}
