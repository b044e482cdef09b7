import { type Gazetteer, keyOf, type Named } from '../gazetteer.ts';
import type { Extent, Line } from '../normalise.ts';
import { regionNames, regionOfCode } from '../regions.ts';
import { calendarWords, isOrdinary } from '../words.ts';
import { matches, type Span } from './span.ts';

/** Places, tenants, contracts, plans, projects, regions and countries by name. */
export function readNames(line: Line, gazetteer: Gazetteer): readonly Span[] {
  return [
    ...gazetteerSpans(line.text, gazetteer),
    ...rackLists(line.text, gazetteer),
    ...idSpans(line.text),
    ...regionSpans(line),
  ];
}

/** Words that look like the id of a node and are not known yet: the caller looks them up. */
export function unknownIds(line: Line, gazetteer: Gazetteer): readonly (Extent & { id: string })[] {
  const idLike =
    /(?<![a-z0-9/._-])(?:(?:node|host|server|machine) )?((?=[a-z0-9._/-]*[a-z])(?=[a-z0-9._/-]*\d)[a-z0-9]+(?:[-_./]+[a-z0-9]+)+|(?<=(?:node|host|server|machine) )[a-z]+\d+)(?![a-z0-9])/gu;
  return matches(line.text, idLike)
    .map(({ from, to, match }) => ({ from, to, id: match[1] ?? '' }))
    .filter(({ id }) => !gazetteer.names.has(keyOf(id)) && !isOtherwiseKnown(id, gazetteer));
}

const idPatterns = {
  contract: /(?<![a-z0-9-])(?:contract (?:c-?)?|c-|c(?=\d{2}))(\d{1,12})(?![a-z0-9-])/gu,
  plan: /(?<![a-z0-9-])plan-[0-9a-f]{16}(?![a-z0-9])/gu,
  project: /(?<![a-z0-9-])project ([a-z0-9][a-z0-9._-]{0,62})(?![a-z0-9])/gu,
};

function isOtherwiseKnown(id: string, gazetteer: Gazetteer): boolean {
  if (/^c-?\d+$|^plan-|^\d|^(?:q|h)[1-4]-|^(?:pci|nis|ai)-/u.test(id)) return true;
  const words = id.split(/[-_./]/u);
  return words.some(
    (word) => gazetteer.families.has(word.replace(/s$/u, '')) || gazetteer.families.has(word),
  );
}

function gazetteerSpans(text: string, gazetteer: Gazetteer): readonly Span[] {
  const found: Span[] = [];
  const runs = matches(text, /[a-z0-9]+/gu);
  runs.forEach(({ from }, first) => {
    if (!startsName(text, from)) return;
    for (let last = Math.min(first + gazetteer.longestNameWords, runs.length) - 1; last >= first; last--) {
      const to = runs[last]?.to ?? from;
      const named = endsName(text, to) ? gazetteer.names.get(keyOf(text.slice(from, to))) : undefined;
      const key = keyOf(text.slice(from, to));
      const meaning = named === undefined ? undefined : meaningOf(named, text.slice(0, from), key);
      if (meaning === undefined) continue;
      found.push({ from, to, ...meaning });
      return;
    }
  });
  return found;
}

/** A name that is also a word, such as the site `may`, counts only behind a word that a name follows. */
function meaningOf(named: readonly Named[], before: string, key: string) {
  const isWord = isOrdinary(key) || regionNames.has(key);
  const isTenant = !isWord || /\b(?:for|team|tenant|customer|of)\s+$/u.test(before);
  const behind = calendarWords.has(key) ? behindSite : behindPlace;
  const isPlace = !isWord || behind.test(before);
  const tenant = isTenant ? named.find((one) => one.kind === 'tenant') : undefined;
  const places = named.flatMap((one) => (isPlace && one.kind === 'place' ? [one.place] : []));
  const asTenant = places.length === 0 || /(?:for|team|tenant|customer)\s+$/u.test(before);
  if (tenant !== undefined && asTenant)
    return { kind: 'tenant', tenant: tenant.tenant, exact: tenant.exact } as const;
  return places.length === 0 ? undefined : ({ kind: 'place', places } as const);
}

const behindSite = /\b(?:site|location|place|data ?cent(?:er|re))\s+$/u;
const behindPlace =
  /\b(?:site|location|place|data ?cent(?:er|re)|in|at|on|within|inside|outside|not|except|lose|losing|drain)\s+$/u;

function startsName(text: string, at: number): boolean {
  return !/[a-z0-9][-/._]$/u.test(text.slice(Math.max(0, at - 2), at));
}

function endsName(text: string, at: number): boolean {
  return (
    !/^[-/._][a-z0-9]/u.test(text.slice(at)) || /^-(?:based|hosted|only|owned|side)\b/u.test(text.slice(at))
  );
}

/** `racks 11 and 12`: each number is a rack of its own. */
function rackLists(text: string, gazetteer: Gazetteer): readonly Span[] {
  return matches(
    text,
    /\b(racks?|halls?|nodes?) ((?:[a-z]*\d+)(?:(?:, ?| and | or | & )(?:[a-z]*\d+))+)(?![a-z0-9-])/gu,
  ).flatMap(({ from, match }) => {
    const noun = (match[1] ?? '').replace(/s$/u, '');
    const start = from + match[0].length - (match[2] ?? '').length;
    return matches(match[2] ?? '', /[a-z]*\d+/gu).flatMap((item) => {
      const named = gazetteer.names.get(keyOf(`${noun} ${item.match[0]}`)) ?? [];
      const places = named.flatMap((one) => (one.kind === 'place' ? [one.place] : []));
      const extent = { from: start + item.from, to: start + item.to };
      return places.length === 0 ? [] : [{ ...extent, kind: 'place' as const, places }];
    });
  });
}

function idSpans(text: string): readonly Span[] {
  return [
    ...matches(text, idPatterns.contract).map(({ from, to, match }) => ({
      from,
      to,
      kind: 'contract' as const,
      contract: `C-${Number(match[1])}`,
    })),
    ...matches(text, idPatterns.plan).map(({ from, to, match }) => ({
      from,
      to,
      kind: 'plan' as const,
      plan: match[0],
    })),
    ...matches(text, idPatterns.project).map(({ from, to, match }) => ({
      from,
      to,
      kind: 'project' as const,
      project: match[1] ?? '',
    })),
  ];
}

function regionSpans(line: Line): readonly Span[] {
  const found: Span[] = [];
  for (const { from, to } of matches(line.text, /[a-z][a-z.]*/gu)) {
    const region = longestRegion(line.text, from);
    if (region !== undefined) found.push(region);
    else {
      const code = isShouted(line.cased) ? undefined : regionOfCode(line.cased.slice(from, to));
      if (code !== undefined) found.push({ from, to, kind: 'region', region: code });
      else if (isTheUs(line, from, to))
        found.push({ from, to, kind: 'region', region: { label: 'US', countries: ['US'] } });
    }
  }
  return found;
}

function longestRegion(text: string, from: number): Span | undefined {
  if (/[a-z0-9-]$/u.test(text.slice(0, from).slice(-1))) return undefined;
  for (let words = 4; words > 0; words--) {
    const written = new RegExp(`^(?:[a-z][a-z.]*(?: |$|(?=[^a-z]))){${words}}`, 'u').exec(
      text.slice(from),
    )?.[0];
    const name = written?.replace(/[\s]+$/u, '');
    const region =
      name === undefined ? undefined : (regionNames.get(name) ?? regionNames.get(name.replace(/\.$/u, '')));
    if (name !== undefined && region !== undefined)
      return { from, to: from + name.length, kind: 'region', region };
  }
  return undefined;
}

/** `us` is a country behind `in`, `the`, `outside`; otherwise it is us. */
function isTheUs(line: Line, from: number, to: number): boolean {
  if (line.text.slice(from, to).replace(/\.$/u, '') !== 'us') return false;
  return /\b(?:in|within|inside|outside|outside of|the|non)[ -]$/u.test(line.text.slice(0, from));
}

function isShouted(cased: string): boolean {
  return cased === cased.toUpperCase() && cased.length > 12;
}
