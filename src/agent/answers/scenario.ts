import { isWithin } from '../../model/id.ts';
import type { Simulation } from '../../model/simulation-view.ts';
import type { Extent } from '../normalise.ts';
import { type Reading, spansOf } from '../reading.ts';
import { plural, sentence } from '../reply.ts';
import { matches, type Place, type SpanOf } from '../spans/span.ts';
import { type Answer, answered, type Talk, using } from './answer.ts';

/** Words for something that gets lost, goes away or is emptied. */
const lossWords =
  /\b(?:los\w*|fail\w*|down|dies?|dead|outages?|burn\w*|without|br(?:eak|oke)\w*|crash\w*|gone|offline|dark|flood\w*|fire|pull\w*|unplug\w*|remov\w*|switch\w*|turn\w*|shut\w*|power\w*|disappear\w*|drop\w*|blow\w*|drain\w*|maintenance|tak(?:e|es|en|ing)|evacuat\w*|cordon\w*|reboot\w*|repair\w*|patch\w*|upgrad\w*|survive\w*)\b/u;

const otherWords =
  /\b(?:add(?:s|ed|ing)?|buy|bought|order(?:s|ed)?|gr[eo]w\w*|doubl\w*|halv\w*|cost\w*|pric\w*|cheap\w*|expensive|dearer|rules?|laws?|allow\w*|forb\w*)\b/u;

/** A scenario in which nothing is lost: naming a place in it does not lose the place. */
export function isOtherScenario({ line: { text } }: Reading): boolean {
  return otherWords.test(text) && !lossWords.test(text);
}

/** Parts of racks and fabrics that no inventory list names: `feed A of rack r12`, `leaf2`, `cdu1`. */
const feed = /(?<![a-z0-9/-])((?:[a-z0-9-]+\/)*)(?:power )?feed[- ]([a-z])(?![a-z0-9])/gu;
const named = /(?<![a-z0-9/-])(?:[a-z0-9-]+\/)*(?:leaf|spine|cdu|loop)[- ]?(?:switch[- ])?\d+(?![a-z0-9])/gu;

/** Words that stand for such a part. */
export const lostWords = new RegExp(`${feed.source}|${named.source}`, 'gu');

/** Where such parts are named: the words in there are read. */
export function partsIn(text: string): readonly Extent[] {
  return matches(text, lostWords);
}

/** A place that is out of use for another reason while something gets lost: `while r13 is being drained`. */
const outOfUse =
  /^ (?:is|are|was|were) (?:also |still |already )?(?:being |under |in )?(?:drained|emptied|evacuated|vacated|cordoned|closed|repaired|serviced|upgraded|maintenance|out of (?:service|use)|offline|off|down|unavailable)\b/u;

/** The places that a line says to be empty meanwhile: they are lost whole, whatever else is lost in others. */
export function closedIn({ line: { text } }: Reading, spans: readonly SpanOf<'place'>[]): readonly string[] {
  return spans
    .filter(({ to }) => outOfUse.test(text.slice(to)))
    .flatMap(({ places }) => places.map(({ path }) => path));
}

/**
 * What is lost, in the words that the tool resolves; `closed` are places lost whole. A feed that is said with racks is theirs, and then the racks
 * themselves are not lost; without a rack it is one of the building.
 */
export function lostIn(
  text: string,
  places: readonly Place[],
  racksKnown: readonly string[] = [],
  closed: readonly string[] = [],
): readonly string[] {
  const feeds = matches(text, feed).map(
    ({ match: [, inside = '', letter = ''] }) => `${inside}feed-${letter}`,
  );
  const others = matches(text, named).map(({ match }) =>
    match[0].replaceAll(/switch|(?<=[a-z])[- ](?=\d)| /gu, ''),
  );
  const racks = places
    .filter(({ level, path }) => level === 'rack' && !closed.includes(path))
    .map(({ path }) => path);
  const around = hallAround(places, racksKnown);
  const inside = (one: string) => (one.includes('/') || around === undefined ? one : `${around}/${one}`);
  if (feeds.length === 0 && others.length > 0 && around !== undefined) return others.map(inside);
  if (feeds.length === 0) return [...places.map(({ path }) => path), ...others];
  const kept = places.filter(
    ({ level, path }) => closed.includes(path) || (level !== 'rack' && level !== 'site' && level !== 'hall'),
  );
  const fed = feeds.flatMap((one) =>
    racks.length === 0 || one.includes('/') ? [inside(one)] : racks.map((rack) => `${rack}/${one}`),
  );
  return [...fed, ...kept.map(({ path }) => path), ...others.map(inside)];
}

/** `leaf2 in Frankfurt`: the only hall of the one site that is named says which. */
function hallAround(places: readonly Place[], racks: readonly string[]): string | undefined {
  const [site, ...others] = places;
  if (site?.level !== 'site' || others.length > 0) return undefined;
  const halls = new Set(
    racks.filter((rack) => isWithin(rack, site.path)).map((rack) => rack.slice(0, rack.lastIndexOf('/'))),
  );
  const [hall, ...more] = halls;
  return more.length === 0 ? hall : undefined;
}

type PriceEdit = { readonly model: string; readonly site?: string; readonly percent: number };

/** `if H100 in iad3 cost double`: one model, one change, at most one site; nothing where that is not plain. */
export function priceEdit(reading: Reading): PriceEdit | undefined {
  const models = [...new Set(spansOf(reading, 'model').flatMap((span) => span.models))];
  const sites = [
    ...new Set(spansOf(reading, 'place').flatMap(({ places }) => places.map(({ path }) => path))),
  ];
  const percents = percentsIn(reading.line.text);
  const [model] = models;
  const [percent] = percents;
  const isPlain = models.length === 1 && percents.length === 1 && sites.length <= 1;
  if (!isPlain || model === undefined || percent === undefined) return undefined;
  if (!/\b(?:cost\w*|pric\w*|cheap\w*|expensive|dearer)\b/u.test(reading.line.text)) return undefined;
  const [site] = sites;
  return { model, percent, ...(site === undefined ? {} : { site }) };
}

const factors: readonly (readonly [RegExp, number])[] = [
  [/\b(?:doubl\w*|twice)\b/u, 100],
  [/\btripl\w*\b/u, 200],
  [/\b(?:half|halv\w*)\b/u, -50],
];

function percentsIn(text: string): readonly number[] {
  const told = matches(text, /(\d{1,3}) ?(?:%|percent|per cent)/gu).flatMap(({ match }) => {
    const isLess = /\b(?:less|cheaper|lower|down|fall\w*|fell|drop\w*|cut)\b/u.test(text);
    const isMore = /\b(?:more|higher|up|dearer|expensive|ris\w*|rose|increas\w*)\b/u.test(text);
    return isLess === isMore ? [] : [Number(match[1]) * (isLess ? -1 : 1)];
  });
  return [...told, ...factors.flatMap(([word, percent]) => (word.test(text) ? [percent] : []))];
}

/** Words that a change of price is read from. */
export const priceWords =
  /\b(?:doubl\w*|twice|tripl\w*|half|halv\w*|cost\w*|pric\w*|cheap\w*|more|less|higher|lower|dearer|expensive|the|percent|per cent)\b|\d{1,3} ?%/gu;

/** What other prices would mean. */
export function priceImpact({ edit, prices }: Simulation): string {
  const hit =
    prices.length === 0
      ? 'no contract is priced by it'
      : `${plural(prices.length, 'contract')} would be priced otherwise`;
  return `${sentence(edit)} ${sentence(hit)} What is agreed stays agreed.`;
}

/** Growth, new nodes and rules take a file, which can say them without a doubt. */
export function namesScenario(talk: Talk): Answer {
  const reply =
    'That is not read from words here: growth, new nodes, prices, rules and times go into a file for `berth whatif -f edits.yaml`, and `berth whatif --help` shows one. Nothing was tried and nothing was changed.';
  return answered(talk, reply, [], using(['place', 'model', 'gpus', 'amount', 'time', 'tenant', 'length']));
}
