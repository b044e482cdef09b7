import type { Gazetteer } from './gazetteer.ts';
import { type Extent, rawOf } from './normalise.ts';
import { type Reading, spansOf } from './reading.ts';
import { matches } from './spans/span.ts';

/** What a part of a workload does, by the beginnings of its words. */
const works =
  /\b(?<work>(?:pre-?|re-?|en)?train|fine-?tun|tun(?=e|ing)|evaluat|test(?=s\b|ing\b|ed\b|\b)|validat|benchmark|serv(?=e\b|es\b|ing\b|ed\b|ir\b)|infer|answer|simulat|render|pre-?process|post-?process|ingest|index|embed|retriev|bedien|distil|quanti[sz]|label|annotat|generat|rollout|crawl|cach(?=e|ing))[a-z]*/gu;

/** Words that make two places alternatives, or one of them somebody else's. */
const chooses = /\b(?:or|else|otherwise|instead|rather|failing|if|not|from)\b/u;

type Spot = Extent & { readonly sites: ReadonlySet<string>; readonly countries: ReadonlySet<string> };

/**
 * The places of a request whose parts are to stand at different sites (`train in Frankfurt, serve in Munich`), as written;
 * fewer than two where there is nothing of the kind. Between two such places stands another work, or another count, and no
 * word that offers a choice. A line has no slots for what goes where, and one gang of all of it would be something else.
 */
export function placesApart(reading: Reading, gazetteer: Gazetteer): readonly string[] {
  const { text } = reading.line;
  const spots = spotsOf(reading, gazetteer).toSorted((a, b) => a.from - b.from);
  const hasWorks =
    new Set(matches(text, works).map(({ match }) => match.groups?.['work']?.slice(0, 5))).size > 1;
  const counts = [...spansOf(reading, 'amount'), ...spansOf(reading, 'number')];
  const apart = spots.flatMap((spot, at) => {
    const next = spots[at + 1];
    if (next === undefined || !isElsewhere(spot, next)) return [];
    const between = text.slice(spot.to, next.from);
    const isCounted = counts.some(({ from, to }) => from >= spot.to && to <= next.from) && counts.length > 1;
    const isWorked = hasWorks && matches(between, works).length > 0;
    return (isWorked || isCounted) && !chooses.test(between) ? [spot, next] : [];
  });
  return [...new Set(apart.map((spot) => rawOf(reading.line, spot)))];
}

function spotsOf(reading: Reading, { summary }: Gazetteer): readonly Spot[] {
  const countryOf = new Map(summary.sites.map(({ id, country }) => [String(id), country]));
  const places = spansOf(reading, 'place').map((span) => {
    const sites = new Set<string>(span.places.map(({ path }) => path.split('/', 1).join()));
    return { ...span, sites, countries: new Set([...sites].flatMap((site) => countryOf.get(site) ?? [])) };
  });
  const regions = spansOf(reading, 'region').map((span) => ({
    ...span,
    sites: new Set<string>(),
    countries: new Set(span.region.countries),
  }));
  return [...places, ...regions].filter(({ negative }) => negative !== true);
}

/** A country that holds the other place only says more about it. */
function isElsewhere(a: Spot, b: Spot): boolean {
  return a.sites.size > 0 && b.sites.size > 0
    ? a.sites.isDisjointFrom(b.sites)
    : a.countries.isDisjointFrom(b.countries);
}
