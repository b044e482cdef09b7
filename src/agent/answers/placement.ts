import { Explanation } from '../../model/contract-view.ts';
import type { DemandRequest } from '../../model/demand.ts';
import type { ErrorDetail } from '../../model/error.ts';
import { Simulation } from '../../model/simulation-view.ts';
import { compareText } from '../../model/text.ts';
import { unknownPlaces } from '../blockers.ts';
import { demandOf } from '../demand.ts';
import { amended, type Frame, type Problem } from '../frame.ts';
import { flavorsOf } from '../gazetteer.ts';
import { isoOf, stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { listed, plural, sentence } from '../reply.ts';
import { frameOf, isRequestSpan } from '../slots.ts';
import { innermost, resolvePlaces } from '../slots/place.ts';
import { overlap } from '../spans/span.ts';
import { ToolFailure } from '../tool-calls.ts';
import { type Answer, answered, asking, type Talk, using } from './answer.ts';
import { checkRules } from './rules.ts';
import {
  closedIn,
  isOtherScenario,
  lostIn,
  namesScenario,
  lostWords,
  partsIn,
  priceEdit,
  priceImpact,
  priceWords,
} from './scenario.ts';

/** Why: about a contract, the last plan, the last refusal, or a wish in words. Changes nothing. */
export async function explain(talk: Talk): Promise<Answer> {
  const { memory, reading } = talk;
  const [contract] = spansOf(reading, 'contract');
  if (contract !== undefined)
    return explained(talk, [{ contract: contract.contract }], [], ['contract', 'place']);
  const [plan] = spansOf(reading, 'plan');
  if (plan !== undefined) return explained(talk, [{ plan: plan.plan }], [], ['plan', 'place']);
  const isWish =
    spansOf(reading, 'amount').length + spansOf(reading, 'model').length + spansOf(reading, 'gpus').length >
    0;
  if (!isWish && isAboutData(talk)) return checkRules(talk);
  const asksFree =
    spansOf(reading, 'place').some(({ negative }) => negative !== true) &&
    /\b(?:free|available|capacity|room|nothing|full|space|left)\b/u.test(reading.line.text);
  const isAboutIt = /\b(?:this|that|it|the) (?:plan|placement|site|one|contract)\b/u.test(reading.line.text);
  if (memory.plan !== undefined && (!isWish || isAboutIt))
    return explained(talk, [{ plan: memory.plan.id }], [], ['place']);
  if (memory.refusal?.demand !== undefined && !isWish)
    return explained(talk, [{ demand: memory.refusal.demand }], [], ['place']);
  if (memory.contract !== undefined && !isWish)
    return explained(talk, [{ contract: memory.contract.id }], [], ['place']);
  if (!isWish && memory.frame !== undefined) return explainWish(talk, memory.frame);
  if (isWish || asksFree) return explainWish(talk);
  const what = {
    slot: 'subject',
    text: 'what to explain: a plan, a contract, or a request such as `64 GPUs in Frankfurt`',
    suggestions: [],
  };
  return asking(talk, [what], 'I need to know');
}

/** `why can acme's data not go to iad3`: a question to the rules, not about capacity. */
function isAboutData({ reading, memory }: Talk): boolean {
  const data =
    /\b(?:data|records?|use|used|using|train(?:ed|ing)?|fine-?tun(?:e|ed|ing)|process\w*|stor(?:e|ed|ing)|allowed|permitted|forbidden|legal(?:ly)?|closed|off[- ]limits|compliant)\b/u;
  const isSomebodys = spansOf(reading, 'tenant').length > 0 && spansOf(reading, 'contract').length === 0;
  const isFirst = memory.plan === undefined && memory.refusal === undefined && memory.frame === undefined;
  const isPlace = spansOf(reading, 'place').some(({ negative }) => negative === true);
  return isSomebodys && (data.test(reading.line.text) || (isFirst && isPlace));
}

/** The same question before anything was asked for: would this fit? Assumes what it must and says so. */
export async function explainWish(talk: Talk, known?: Frame): Promise<Answer> {
  const { summary } = talk.gazetteer;
  const read = frameOf(talk.reading, talk.gazetteer);
  const frame = known ?? read.frame;
  const problems = known === undefined ? read.problems : [];
  if (problems.length > 0) return asking(talk, problems, 'To look into this I need to know');
  const assumed = assumedSlots(talk, frame);
  const whole = amended(assumed.frame, frame);
  const models = frame.models ?? modelsIn(talk, frame);
  const demands = models.map((model) => demandOf({ ...whole, models: frame.models ?? [model] }, summary));
  const subjects = (frame.models === undefined ? demands : demands.slice(0, 1)).flatMap((answer) =>
    answer.ok ? [{ demand: answer.demand }] : [],
  );
  const open = demands.flatMap((answer) => (answer.ok ? [] : answer.problems));
  if (subjects.length === 0) return asking(talk, open.slice(0, 4), 'To look into this I need to know');
  const notes = [
    ...assumed.notes,
    ...(frame.models === undefined ? [`no model was named: asked for ${listed(models)} one by one`] : []),
  ];
  return explained(talk, subjects, notes, undefined);
}

/** What a loss would do, on a copy of the state. */
export async function whatIf(talk: Talk): Promise<Answer> {
  if (isOtherScenario(talk.reading)) return otherPrice(talk);
  const run = await simulated(talk);
  if (!run.ok) return run.answer;
  const parts = partsIn(talk.reading.line.text);
  const isRead = using(['place', 'time', 'contract', 'gpus'], ['survive']);
  return answered(
    talk,
    `${impactWords(run.simulation)} Nothing has been changed.`,
    [{ kind: 'simulation', simulation: run.simulation }],
    (span) => isRead(span) || parts.some((part) => overlap(part, span)),
    lostWords,
  );
}

/** Other prices are read from words; every other scenario in which nothing is lost takes a file. */
async function otherPrice(talk: Talk): Promise<Answer> {
  const price = priceEdit(talk.reading);
  if (price === undefined) return namesScenario(talk);
  const simulation = await talk.calls.ask('placement_simulate', { edits: [{ price }] }, Simulation);
  return answered(
    talk,
    priceImpact(simulation),
    [{ kind: 'simulation', simulation }],
    using(['place', 'model', 'gpus', 'number', 'fraction'], ['objective']),
    priceWords,
  );
}

async function simulated(
  talk: Talk,
): Promise<{ ok: true; simulation: Simulation; lose: readonly string[] } | { ok: false; answer: Answer }> {
  const wanted = placesMeant(talk);
  if (wanted.problems.length > 0)
    return { ok: false, answer: asking(talk, wanted.problems, 'To try this out I need to know') };
  const { reading, gazetteer } = talk;
  const { lose } = wanted;
  const [time] = spansOf(reading, 'time').filter(({ role }) => role !== 'end' && role !== 'deadline');
  const from = time === undefined ? undefined : stretchOf(time.moment, talk.zone)?.start;
  const isLater = from !== undefined && from.toMillis() > gazetteer.summary.snapshot.atMs;
  const args = { lose, ...(isLater ? { from: isoOf(from) } : {}) };
  try {
    return { ok: true, lose, simulation: await talk.calls.ask('placement_simulate', args, Simulation) };
  } catch (error) {
    const suggestions = error instanceof ToolFailure ? severalOf(error.detail, lose) : [];
    if (suggestions.length === 0) throw error;
    const which = { slot: 'place', text: 'which of these is lost', suggestions };
    return { ok: false, answer: asking(talk, [which], 'To try this out I need to know') };
  }
}

/** The places that a name may mean, where the tool knows several: `feed-a` of two halls. */
function severalOf({ allowed = [] }: ErrorDetail, lose: readonly string[]): readonly string[] {
  const isOurs = (place: string) => lose.some((name) => place.endsWith(`/${name}`));
  return allowed.length > 1 && allowed.every(isOurs) ? allowed.slice(0, 8) : [];
}

/** The places that a line names to be lost or emptied, or what is unknown about them. */
export function placesMeant(talk: Talk): { lose: readonly string[]; problems: readonly Problem[] } {
  const { reading, gazetteer } = talk;
  const spans = spansOf(reading, 'place').filter(({ negative }) => negative !== true);
  const { places, problems } = resolvePlaces(reading, spans, spans);
  const parts = partsIn(reading.line.text);
  const spanned = reading.spans.filter(
    (span) => span.kind !== 'unknown-place' || !parts.some((part) => overlap(part, span)),
  );
  const strangers = unknownPlaces({
    ...talk,
    reading: { ...reading, spans: spanned },
    cues: [...talk.cues, ...parts],
  });
  const racks = (gazetteer.summary.racks ?? []).map(({ id }) => id);
  const closed = closedIn(reading, spans);
  const lose = lostIn(reading.line.text, innermost(places), racks, closed).toSorted(compareText);
  const none = {
    slot: 'place',
    text: 'which site, rack or node',
    suggestions: [...gazetteer.summary.sites.map(({ id }) => id), ...racks].slice(0, 8),
  };
  const open = [...problems, ...strangers];
  return { lose, problems: lose.length === 0 && open.length === 0 ? [none] : open };
}

function impactWords(simulation: Simulation): string {
  const { contracts, lostNodes, lostGpus } = simulation;
  const words = contracts.map(({ contract, tenant, guarantee, gpuCount, slices, outcome, to }) => {
    const left = outcome === 'waits' ? 'fits again only later' : 'cannot be re-placed';
    const goes = outcome === 're-placed' ? `can move to ${listed(to, 4)}` : left;
    return `${contract} (${tenant}, ${guarantee}, ${slices ?? plural(gpuCount, 'GPU')}) ${goes}`;
  });
  const broken = contracts.filter(
    ({ outcome, guarantee }) => outcome !== 're-placed' && guarantee === 'reserved',
  ).length;
  const hit =
    words.length === 0
      ? 'No contract is affected.'
      : `${plural(words.length, 'contract')} affected: ${listed(words)}.`;
  const promise = broken === 0 ? '' : ` ${plural(broken, 'guarantee')} would break.`;
  return `${plural(lostNodes, 'node')} and ${plural(lostGpus, 'GPU')} are lost. ${hit}${promise}`;
}

type Subject = { readonly plan?: string; readonly contract?: string; readonly demand?: DemandRequest };

async function explained(
  talk: Talk,
  subjects: readonly Subject[],
  notes: readonly string[],
  kinds: readonly string[] | undefined,
): Promise<Answer> {
  const explanations: Explanation[] = [];
  for (const subject of subjects)
    explanations.push(await talk.calls.ask('placement_explain', subject, Explanation));
  const named = spansOf(talk.reading, 'place').flatMap(({ places }) =>
    places.map(({ path }) => path.split('/')[0]),
  );
  const words = explanations.flatMap((explanation, i) => [
    labelOf(subjects, i) + sentence(explanation.summary),
    ...explanation.sites
      .filter(({ site }) => named.includes(site))
      .map(({ site, why }) => `At ${site}: ${why.replace(/\.$/u, '')}.`),
    ...offersOf(explanation),
  ]);
  rememberOffers(talk, subjects, explanations, notes);
  const said = notes.length === 0 ? '' : ` Assumed: ${notes.join('; ')}.`;
  const shown = explanations.map((explanation) => ({ kind: 'explanation' as const, explanation }));
  return answered(
    talk,
    `${[...new Set(words)].join(' ')}${said}`,
    shown,
    kinds === undefined ? isRequestSpan : using(kinds),
  );
}

/** Which model an explanation is about, where several were asked about one by one. */
function labelOf(subjects: readonly Subject[], index: number): string {
  const models = subjects[index]?.demand?.parts.flatMap(({ each }) => each.gpus?.models ?? []) ?? [];
  return subjects.length < 2 || models.length === 0 ? '' : `${listed(models)}: `;
}

/** Offers can be taken by number only when nothing of the request had to be assumed. */
function rememberOffers(
  { memory }: Talk,
  [subject, ...more]: readonly Subject[],
  [explanation]: readonly Explanation[],
  notes: readonly string[],
): void {
  const refusal = explanation?.refusal;
  if (refusal === undefined || subject?.demand === undefined || more.length > 0 || notes.length > 0) return;
  memory.refusal = { demand: subject.demand, refusal };
  memory.list = { kind: 'offers', ids: refusal.relaxations.map(({ change }) => change) };
}

function offersOf({ refusal }: Explanation): readonly string[] {
  const changes = refusal?.relaxations.map(({ change }) => change) ?? [];
  return changes.length === 0 ? [] : [`This would fit: ${listed(changes, 3, 'or')}.`];
}

/** Slots that a mere question need not fill: the team with the fewest rules, from now, for a day. */
function assumedSlots(talk: Talk, frame: Frame): { frame: Frame; notes: readonly string[] } {
  const { summary } = talk.gazetteer;
  const [open] = summary.tenants.toSorted(
    (a, b) => a.regimes.length - b.regimes.length || compareText(a.id, b.id),
  );
  const notes: string[] = [];
  const assumed: { -readonly [K in keyof Frame]: Frame[K] } = {};
  if (frame.tenant === undefined && open !== undefined) {
    assumed.tenant = open.id;
    if (summary.tenants.length > 1)
      notes.push(`team ${open.id}, whose own rules are the fewest (name a team to apply its rules)`);
  }
  if (frame.amount === undefined) {
    assumed.amount = { shape: 'total', gpus: 1 };
    notes.push('1 GPU');
  }
  const asksWhen =
    /^\W*(?:when|how soon|how early)\b|\bhow (?:long|many (?:hours|days|weeks))\b[^.;?]*\b(?:wait|until|till|before)|\b(?:any|what|which|a) (?:time|slot|window|gap|moment|stretch|opening)\b/u.test(
      talk.reading.line.text,
    );
  if (asksWhen) assumed.objective = 'soonest';
  if (
    frame.start === undefined &&
    frame.during === undefined &&
    frame.deadline === undefined &&
    !asksWhen &&
    frame.objective !== 'soonest'
  ) {
    assumed.start = { day: { kind: 'now' }, saidMs: summary.snapshot.atMs };
    notes.push('from now');
  }
  if (
    frame.length === undefined &&
    frame.end === undefined &&
    frame.during === undefined &&
    frame.isOpenEnded !== true
  ) {
    assumed.length = { days: 1 };
    notes.push('for 1 day');
  }
  return { frame: assumed, notes };
}

/** The models that the places named hold, most GPUs first, at most four. */
function modelsIn(talk: Talk, frame: Frame): readonly string[] {
  const { summary } = talk.gazetteer;
  const sites = frame.where?.map((place) => place.split('/')[0] ?? place);
  const totals = new Map<string, number>();
  for (const { model, gpus } of flavorsOf(summary, undefined, sites))
    totals.set(model, (totals.get(model) ?? 0) + gpus.total);
  return [...totals]
    .toSorted((a, b) => b[1] - a[1] || compareText(a[0], b[0]))
    .map(([model]) => model)
    .slice(0, 4);
}
