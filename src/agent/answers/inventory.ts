import { isWithin } from '../../model/id.ts';
import { InventoryList, type NodeView, RecordList } from '../../model/inventory-view.ts';
import { compareText } from '../../model/text.ts';
import { unknownPlaces } from '../blockers.ts';
import type { Frame, Problem } from '../frame.ts';
import { isoOf, nowIn, say, secondsOf, stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { euros, listed, plural, siteWords } from '../reply.ts';
import { frameOf } from '../slots.ts';
import { innermost, resolvePlaces } from '../slots/place.ts';
import { type Answer, answered, asking, type Talk, using } from './answer.ts';

const searched = using(
  ['place', 'model', 'gpus', 'region', 'amount', 'time', 'length', 'unknown-place'],
  ['link', 'rdma', 'any-place', 'any-model'],
);

const filterWords =
  /\b(?:idle|empty|(?:completely|fully|entirely|totally) free|(?:not )?(?:healthy|ok|okay|fine|well|working|up)|unhealthy|degraded|broken|sick|ill|unwell|failed|faulty|down|everything|cordoned|unschedulable|drained|labels?|every|any(?:thing)?|available)\b/gu;

/** The nodes that fit the words. */
export async function listNodes(talk: Talk): Promise<Answer> {
  const found = await search(talk, true);
  if (!found.ok) return asking(talk, found.problems, 'To list nodes I need to know');
  const { list, window, wants } = found;
  talk.memory.list = { kind: 'nodes', ids: list.nodes.map(({ id }) => id) };
  const names = list.nodes.map(({ id, freeGpus, gpuCount }) => `${id} (${freeGpus} of ${gpuCount} free)`);
  const reply =
    list.total === 0
      ? `No node ${wants} ${window}.`
      : `${plural(list.total, 'node')} ${wants} ${window}: ${listed(names, 4)}.`;
  const labels = asksLabels(talk) ? ' Labels are data from the source, shown as found.' : '';
  return answered(talk, reply + labels, [{ kind: 'nodes', list }], searched, filterWords);
}

/** How many GPUs are free over a window. */
export async function countFree(talk: Talk): Promise<Answer> {
  const counted = countedAlready(talk);
  if (counted !== undefined) return counted;
  const found = await search(talk, false);
  if (!found.ok) return asking(talk, found.problems, 'To count I need to know');
  const { list, window } = found;
  const byModel = new Map<string, { free: number; total: number }>();
  for (const { gpuModel, freeGpus, gpuCount } of list.nodes) {
    const known = byModel.get(gpuModel ?? 'unknown model') ?? { free: 0, total: 0 };
    byModel.set(gpuModel ?? 'unknown model', { free: known.free + freeGpus, total: known.total + gpuCount });
  }
  const lines = [...byModel]
    .filter(([, { total }]) => total > 0)
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([model, { free, total }]) => `${free} of ${total} ${model}`);
  const most = list.nodes.reduce((best, { freeGpus }) => Math.max(best, freeGpus), 0);
  const reply =
    lines.length === 0
      ? `No GPU of that kind is known there ${window}.`
      : `Free ${window}: ${listed(lines)}; at most ${most} on one node.`;
  talk.memory.list = { kind: 'nodes', ids: list.nodes.map(({ id }) => id) };
  const rank = rankWords(talk.reading.line.text, list.nodes);
  return answered(
    talk,
    rank === undefined ? reply : `${rank} ${reply}`,
    [{ kind: 'nodes', list }],
    searched,
    filterWords,
  );
}

/** `which rack has the most free GPUs`: the first by count, and what ties with it. */
function rankWords(text: string, nodes: readonly NodeView[]): string | undefined {
  const [, level, order] =
    /\b(?:which|what) (rack|site|node|host|server|machine)s?\b[^.;?]*\b(most|least|fewest)\b/u.exec(text) ??
    [];
  if (level === undefined) return undefined;
  const free = new Map<string, number>();
  for (const node of nodes) {
    const at = level === 'rack' ? node.rack : level === 'site' ? node.id.split('/')[0] : node.id;
    if (at !== undefined && node.gpuCount > 0) free.set(at, (free.get(at) ?? 0) + node.freeGpus);
  }
  const counts = [...free.values()];
  if (counts.length === 0) return undefined;
  const best = order === 'most' ? Math.max(...counts) : Math.min(...counts);
  const places = [...free].filter(([, count]) => count === best).map(([place]) => place);
  return `${order === 'most' ? 'Most' : 'Fewest'} free: ${listed(places.toSorted(compareText))} with ${plural(best, 'GPU')}${places.length > 1 ? ' each' : ''}.`;
}

/**
 * What is free now of whole sites stands in the summary; where the nodes would fill more than a page, they are not listed
 * for it. Nothing where a single node, a window or a property of nodes is asked for.
 */
function countedAlready(talk: Talk): Answer | undefined {
  const { summary } = talk.gazetteer;
  const { frame, problems } = frameOf(talk.reading, talk.gazetteer);
  if (problems.length + unknownPlaces(talk).length > 0 || isOfNodes(talk, frame)) return undefined;
  const sites = summary.sites.filter(
    ({ id, country = '' }) =>
      (frame.where?.includes(id) ?? true) && (frame.countries?.includes(country) ?? true),
  );
  const flavors = summary.flavors.filter(
    ({ site, model }) => sites.some(({ id }) => id === site) && (frame.models?.includes(model) ?? true),
  );
  if (flavors.reduce((sum, { nodeCount }) => sum + nodeCount, 0) <= pageNodes) return undefined;
  const words = flavors.map(({ site, model, gpus, gpusPerNode }) => {
    const sizes = listed(gpusPerNode.map(String), 4, 'or');
    return `${gpus.free} of ${gpus.total} ${model} in ${site}, on nodes of ${sizes}`;
  });
  const now = say(nowIn(summary.snapshot.atMs, talk.zone));
  const shown = { kind: 'summary' as const, summary: { ...summary, sites, flavors } };
  return answered(talk, `Free at ${now} ${talk.zone}: ${listed(words, 12)}.`, [shown], searched, filterWords);
}

/** Whether a question takes a look at nodes one by one: at another time, inside a site, or by what differs between them. */
function isOfNodes({ gazetteer, reading }: Talk, frame: Frame): boolean {
  const { where = [], link, rdma, avoid, excludeCountries, during, start, end, deadline, length } = frame;
  const narrower = [link, rdma, avoid, excludeCountries, during, start, end, deadline, length];
  const isInner = where.some((place) => !gazetteer.summary.sites.some(({ id }) => id === place));
  return isInner || narrower.some((one) => one !== undefined) || ofNodes.test(reading.line.text);
}

/** Words by which nodes differ that the summary counts together. */
const ofNodes =
  /\b(?:nodes?|servers?|machines?|hosts?|boxes|each|idle|empty|unhealthy|degraded|broken|down|cordoned|unschedulable|drained|labels?|at least|more than)\b|\b\d+ (?:free|idle|available|unused|spare)\b/u;

/** As many as one page of a list holds. */
const pageNodes = 200;

/** The fleet, or what of it is at the places named. */
export function summarise(talk: Talk): Answer {
  const { summary } = talk.gazetteer;
  const { places, problems } = resolvePlaces(
    talk.reading,
    spansOf(talk.reading, 'place'),
    spansOf(talk.reading, 'place'),
  );
  const open = [...problems, ...unknownPlaces(talk)];
  if (open.length > 0) return asking(talk, open, 'To show it I need to know');
  const { frame } = frameOf(talk.reading, talk.gazetteer);
  const sites = summary.sites.filter(
    ({ id, country }) =>
      (places.length === 0 || places.some(({ path }) => isWithin(path, id))) &&
      (frame.countries === undefined || (country !== undefined && frame.countries.includes(country))),
  );
  const { text } = talk.reading.line;
  const models = summary.flavors.filter(
    ({ site, model }) =>
      sites.some(({ id }) => id === site) && (frame.models === undefined || frame.models.includes(model)),
  );
  const kinds = models.map(({ site, model, gpus }) => `${site} ${gpus.free} of ${gpus.total} ${model}`);
  const nodes = sites.reduce((sum, { nodeCount }) => sum + nodeCount, 0);
  const reply = /\b(?:tenants?|teams?|customers?)\b/u.test(text)
    ? `${plural(summary.tenants.length, 'team')}: ${listed(summary.tenants.map(({ id, regimes }) => (regimes.length === 0 ? id : `${id} (${regimes.join(', ')})`)))}.`
    : /\b(?:rates?|pric\w*|costs?|tariffs?|cheap\w*|expensive)\b/u.test(text)
      ? pricesWords(models)
      : `${plural(sites.length, 'site')} with ${plural(nodes, 'node')}: ${listed(sites.map(siteWords))}. By model: ${listed(kinds, 12)}.`;
  const shown = { ...summary, sites, flavors: models };
  return answered(
    talk,
    reply,
    [{ kind: 'summary', summary: shown }],
    using(['place', 'model', 'gpus', 'region', 'amount'], ['any-place', 'objective']),
    /\b(?:going|rates?|prices?|costs?|tariffs?|cheap\w*|hour|per|hourly)\b/gu,
  );
}

/** What a GPU costs by the hour, the cheapest first; without a recorded price that is said. */
function pricesWords(flavors: Talk['gazetteer']['summary']['flavors']): string {
  const priced = flavors.toSorted(
    (a, b) =>
      (a.microEurPerGpuHour ?? Number.MAX_SAFE_INTEGER) - (b.microEurPerGpuHour ?? Number.MAX_SAFE_INTEGER) ||
      compareText(a.site, b.site),
  );
  const words = priced.map(({ model, site, microEurPerGpuHour: price }) =>
    price === undefined ? `${model} in ${site} has no recorded price` : `${model} in ${site} ${euros(price)}`,
  );
  return words.length === 0 ? 'No such GPU is known there.' : `By the GPU and hour: ${listed(words, 12)}.`;
}

/** Everything known about the places named, with who said so. */
export async function showRecords(talk: Talk): Promise<Answer> {
  const spans = spansOf(talk.reading, 'place');
  const { places, problems } = resolvePlaces(talk.reading, spans, spans);
  const ids = innermost(places).map(({ path }) => path);
  if (problems.length > 0 || ids.length === 0) return asking(talk, problems, 'To show it I need to know');
  return recordsOf(talk, ids);
}

export async function recordsOf(talk: Talk, ids: readonly string[]): Promise<Answer> {
  const devices = /\b(?:devices?|gpus?|nics?|topology|pcie?|numa|nvlink|lanes?|cards?|rails?)\b/u.test(
    talk.reading.line.text,
  );
  const args = { ids: ids.slice(0, 20), ...(devices ? { devices } : {}) };
  const records = await talk.calls.ask('inventory_get', args, RecordList);
  const health = asksHealth.test(talk.reading.line.text);
  const words = records.records.map(
    (record) =>
      `${record.kind} ${record.id} has ${plural(record.attributes.length, 'known attribute')} and ${plural(record.children.length, 'part')}${health ? healthWords(record) : ''}`,
  );
  const lost = records.notFound.map(
    ({ asked, didYouMean }) =>
      `\`${asked}\` is not known${didYouMean === undefined ? '' : `, did you mean \`${didYouMean}\``}`,
  );
  return answered(
    talk,
    `${listed([...words, ...lost])}.`,
    [{ kind: 'records', records }],
    using(['place', 'gpus']),
  );
}

const asksHealth =
  /\b(?:healthy|unhealthy|health|broken|ok|okay|fine|sick|faulty|degraded|down|up|working|alive|wrong)\b/u;

/** What is recorded of its health; nothing recorded is no proof of health. */
function healthWords({ attributes }: RecordList['records'][number]): string {
  const said = attributes.find(({ name }) => name === 'health');
  if (said === undefined) return '; nothing is recorded about its health';
  return `; its health is ${said.value.replaceAll('"', '')}, says ${said.source}`;
}

type Found =
  | { readonly ok: true; readonly list: InventoryList; readonly window: string; readonly wants: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** One call for each combination of place, model and country that was named; the lists become one. */
async function search(talk: Talk, onlyFree: boolean): Promise<Found> {
  const { frame, problems } = frameOf(talk.reading, talk.gazetteer);
  const unclear = problems.filter(({ slot }) => slot === 'place');
  const unknown = unknownPlaces(talk);
  if (unclear.length + unknown.length > 0) return { ok: false, problems: [...unclear, ...unknown] };
  const window = windowOf(talk, frame);
  const filter = filterOf(talk, frame, onlyFree);
  const lists: InventoryList[] = [];
  for (const target of targetsOf(talk, frame)) {
    let cursor: string | undefined;
    for (let page = 0; page < pagesMax; page++) {
      const args = {
        ...target,
        ...filter.args,
        ...window.args,
        limit: pageNodes,
        ...(cursor === undefined ? {} : { cursor }),
      };
      const list = await talk.calls.ask('inventory_search', args, InventoryList);
      lists.push(list);
      cursor = list.nextCursor;
      if (cursor === undefined) break;
    }
  }
  const [first] = lists;
  if (first === undefined)
    return {
      ok: false,
      problems: [
        {
          slot: 'place',
          text: 'which place (no site is in the countries named)',
          suggestions: talk.gazetteer.summary.sites.map(({ id }) => id),
        },
      ],
    };
  return {
    ok: true,
    list: mergedList(first, lists, filter.keeps),
    window: window.words,
    wants: filter.words,
  };
}

const pagesMax = 50;

function mergedList(
  first: InventoryList,
  lists: readonly InventoryList[],
  keeps: (node: NodeView) => boolean,
): InventoryList {
  const byId = new Map(lists.flatMap(({ nodes }) => nodes).map((node) => [node.id, node]));
  const nodes = [...byId.values()].filter(keeps).toSorted((a, b) => compareText(a.id, b.id));
  const { nextCursor: _, ...rest } = first;
  const hints = [...new Set(lists.flatMap((list) => list.hints))];
  return { ...rest, nodes, total: nodes.length, truncated: lists.at(-1)?.nextCursor !== undefined, hints };
}

function targetsOf(talk: Talk, frame: Frame): readonly Record<string, unknown>[] {
  const places = frame.where?.map((within) => ({ within })) ?? [{}];
  const models = frame.models?.map((model) => ({ model })) ?? [{}];
  const known = [...new Set(talk.gazetteer.summary.sites.flatMap(({ country }) => country ?? []))];
  const inside = known
    .filter((country) => frame.countries?.includes(country) ?? true)
    .filter((country) => frame.excludeCountries?.includes(country) !== true);
  const bounded = frame.countries !== undefined || frame.excludeCountries !== undefined;
  const countries = bounded ? inside.toSorted(compareText).map((country) => ({ country })) : [{}];
  return places.flatMap((place) =>
    models.flatMap((model) => countries.map((country) => ({ ...place, ...model, ...country }))),
  );
}

function filterOf(talk: Talk, frame: Frame, onlyFree: boolean) {
  const { text } = talk.reading.line;
  const least = onlyFree ? leastFree(talk) : undefined;
  const isIdle = /\b(?:idle|empty|completely free|fully free|entirely free|all free)\b/u.test(text);
  const health = healthIn(text);
  const isCordoned = /\b(?:cordoned|unschedulable|drained)\b/u.test(text);
  const link = frame.link;
  const args = {
    ...(link === undefined ? {} : { link }),
    ...(frame.rdma === undefined ? {} : { rdma: frame.rdma }),
    ...(least === undefined ? {} : { minFreeGpus: least }),
    ...(asksLabels(talk) ? { labels: true } : {}),
  };
  const models = frame.models === undefined ? 'GPU' : listed(frame.models, 4, 'or');
  const free =
    least === undefined
      ? frame.models === undefined
        ? 'known'
        : `with ${models}`
      : `with at least ${least} free ${models}`;
  const links =
    link === undefined
      ? ''
      : link === 'none'
        ? ' without a link'
        : ` and ${link === 'nvlink' ? 'NVLink' : 'xGMI'}`;
  const well = { good: ' healthy', bad: ' not healthy' };
  const state = `${isIdle ? ' idle' : ''}${health === undefined ? '' : well[health]}${isCordoned ? ' cordoned' : ''}`;
  const keeps = (node: NodeView) =>
    frame.avoid?.some((place) => isIn(node, place)) !== true &&
    (!isIdle || (node.gpuCount > 0 && node.freeGpus === node.gpuCount)) &&
    (health !== 'bad' || node.health === 'degraded' || node.health === 'down') &&
    (health !== 'good' || node.health === 'healthy') &&
    (!isCordoned || !node.schedulable);
  const where = frame.where === undefined ? '' : ` in ${listed(frame.where)}`;
  return { args, keeps, words: `${free}${links}${state}${where}` };
}

const wellWords = String.raw`(?:healthy|ok|okay|fine|well|working|up)`;
const unwell = new RegExp(
  String.raw`\b(?:unhealthy|degraded|broken|sick|ill|unwell|faulty|failed|down)\b|(?:\bnot|n't) (?:\w+ )?${wellWords}\b`,
  'u',
);
const allWell = new RegExp(
  String.raw`^\W*(?:is|are)\b[^.;?]*\b(?:everything|all|every)\b[^.;?]*\b${wellWords}\b`,
  'u',
);

/** Nodes in which state are asked for. Whoever asks whether all are well wants to see those that are not. */
function healthIn(text: string): 'good' | 'bad' | undefined {
  if (unwell.test(text) || allWell.test(text)) return 'bad';
  return /\bhealthy\b/u.test(text) ? 'good' : undefined;
}

function leastFree(talk: Talk): number | undefined {
  const [amount] = spansOf(talk.reading, 'amount');
  const gpus = amount?.amount.shape === 'nodes' ? undefined : amount?.amount.gpus;
  if (gpus !== undefined) return amount?.bound === 'more-than' ? gpus + 1 : gpus;
  const { text } = talk.reading.line;
  const bare = freeCount.exec(text)?.[1];
  if (bare !== undefined) return Number(bare);
  return /\b(?:free|available|spare|unused|left)\b/u.test(text) ? 1 : undefined;
}

/** `with 8 free`: a number of GPUs because of the word behind it. */
const freeCount = /\b(\d{1,4}) (?:free|idle|available|unused|spare)\b/u;

/** The window asked about; without one it is now, which is the default of the tool. */
function windowOf(talk: Talk, frame: Frame): { args: Record<string, string>; words: string } {
  const { zone, gazetteer } = talk;
  const now = nowIn(gazetteer.summary.snapshot.atMs, zone);
  const said = frame.during ?? frame.start;
  const stretch = said === undefined ? undefined : stretchOf(said, zone);
  const until = frame.end ?? frame.deadline;
  const last = until === undefined ? undefined : stretchOf(until.moment, zone);
  const isNow = said?.day.kind === 'now' && frame.length === undefined;
  if ((stretch === undefined || isNow) && last === undefined && frame.length === undefined)
    return { args: {}, words: `at ${say(now)} ${zone}` };
  const start = stretch === undefined || stretch.start < now ? now : stretch.start;
  const byLength =
    frame.length === undefined ? undefined : start.plus({ seconds: secondsOf(frame.length, start) });
  const end = (until?.inclusive === true ? last?.end : last?.start) ?? byLength ?? stretch?.end ?? start;
  const to = end > start ? end : start.plus({ hours: 1 });
  return { args: { from: isoOf(start), to: isoOf(to) }, words: `from ${say(start)} to ${say(to)} ${zone}` };
}

function asksLabels(talk: Talk): boolean {
  return /\blabels?\b/u.test(talk.reading.line.text);
}

/** A node stands in its rack too, where its path does not say so. */
function isIn({ id, rack }: NodeView, place: string): boolean {
  return isWithin(id, place) || (rack !== undefined && isWithin(rack, place));
}
