import { PolicyCheck } from '../../model/policy-view.ts';
import type { SiteVerdict } from '../../model/policy.ts';
import { ruleWord } from '../cues.ts';
import { strangerAsked } from '../intent.ts';
import { stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { listed } from '../reply.ts';
import { frameOf } from '../slots.ts';
import { matches } from '../spans/span.ts';
import { type Answer, answered, asking, type Talk, using } from './answer.ts';
import { noSuchTeam } from './closed.ts';

/** What the rules say about a tenant's data at the places that were named, or at all of them. Changes nothing. */
export async function checkRules(talk: Talk): Promise<Answer> {
  const question = questionOf(talk, sitesOf(talk));
  const stranger = strangerAsked(talk.reading);
  if (stranger !== undefined) return noSuchTeam(talk, stranger);
  if (question === undefined)
    return asking(talk, [whose(talk)], 'The rules are about somebody’s data; I need');
  const check = await talk.calls.ask('policy_check', question, PolicyCheck);
  const reply = `${capital(check.subject)}: ${verdictWords(check.sites)}. This is ${check.note}.`;
  return answered(talk, reply, [{ kind: 'policy', check }], uses, read);
}

/**
 * Rules are not negotiable in a conversation: no plan is made, and the no is recorded. The answer says which rules stand,
 * where the data may be instead, and who can change them.
 */
export async function refuseOverride(talk: Talk): Promise<Answer> {
  const question = questionOf(talk, []);
  const setAside = namesOf(talk.reading.line.text);
  const check = await talk.calls.ask('policy_check', { ...question, setAside }, PolicyCheck);
  const stands = question === undefined ? '' : ` ${standing(talk, check)}`;
  const reply = `No: rules cannot be set aside here, not by a person and not by a model, and nothing was planned.${recorded(check)}${stands} ${exception}`;
  const shown: Answer['shown'] = [{ kind: 'policy', check }];
  return { ...answered(talk, reply, shown, uses, read), outcome: 'denied' };
}

/** What is to be set aside, as the line calls it; `rules` where it has no name. */
function namesOf(text: string): readonly string[] {
  const names = matches(text, new RegExp(`\\b${ruleWord}\\b`, 'gu')).map(({ match }) => match[0]);
  return names.length === 0 ? ['rules'] : [...new Set(names)].slice(0, 10);
}

function recorded({ denial }: PolicyCheck): string {
  return denial?.entry === undefined ? '' : ` That is on record in entry ${denial.entry.seq}.`;
}

const uses = using(
  ['tenant', 'contract', 'region', 'place', 'model', 'gpus', 'amount', 'length', 'time'],
  ['regime', 'purpose', 'isolation'],
);

/** Words that the question is made of. */
const read =
  /\b(?:allowed|allow|may|can|could|legal(?:ly)?|compliant|rules?|laws?|polic(?:y|ies)|data|personal|health|patient|train(?:ing)?|fine-?tun(?:e|ing)|stored?|processed?|run|put|used?|sites?|cluster|once|why|not|cannot|can't|closed|forbidden|barred|banned|blocked|excluded|off[- ]limits|keeps?|kept|out)\b/gu;

/** Everything that the line says about whose data, where, which kind, until when. Nothing without a tenant. */
function questionOf(talk: Talk, sites: readonly string[]): Record<string, unknown> | undefined {
  const { frame } = frameOf(talk.reading, talk.gazetteer);
  const at = sites.length === 0 ? {} : { sites };
  const [contract] = spansOf(talk.reading, 'contract');
  if (contract !== undefined && frame.tenant === undefined) return { contract: contract.contract, ...at };
  const tenant = frame.tenant ?? onlyTenant(talk);
  if (tenant === undefined) return undefined;
  const classes = classesIn(talk.reading.line.text);
  return {
    tenant,
    ...at,
    ...(frame.project === undefined ? {} : { project: frame.project }),
    ...(classes.length === 0 ? {} : { classes }),
    ...(frame.regimes === undefined ? {} : { regimes: [...frame.regimes] }),
    ...(frame.isolation === undefined ? {} : { isolation: frame.isolation }),
    ...timesOf(talk),
  };
}

function onlyTenant({ gazetteer }: Talk): string | undefined {
  const { tenants } = gazetteer.summary;
  return tenants.length === 1 ? tenants[0]?.id : undefined;
}

/** A country or region means its sites. */
function sitesOf(talk: Talk): readonly string[] {
  const { frame } = frameOf(talk.reading, talk.gazetteer);
  // `what keeps acme out of iad3` is about iad3.
  const meant =
    frame.where ?? (/^\W*(?:why|what|how come)\b/u.test(talk.reading.line.text) ? frame.avoid : undefined);
  const named = (meant ?? []).map((place) => place.split('/')[0] ?? place);
  const inside = talk.gazetteer.summary.sites
    .filter(({ country }) => country !== undefined && frame.countries?.includes(country) === true)
    .map(({ id }) => id);
  return [...new Set([...named, ...inside])];
}

const classWords: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['personal-data', /\b(?:personal|customers?'?|users?'?|patient|employee) (?:data|records?)\b|\bpii\b/u],
  ['training', /\b(?:train(?:ing)?|fine-?tun(?:e|ing))\b/u],
];

function classesIn(text: string): readonly string[] {
  return classWords.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
}

function timesOf({ reading, zone }: Talk): { from?: string; until?: string } {
  const [time] = spansOf(reading, 'time');
  const from = time === undefined ? undefined : stretchOf(time.moment, zone)?.start.toISO();
  return typeof from === 'string' ? { from } : {};
}

function whose({ gazetteer }: Talk) {
  const suggestions = gazetteer.summary.tenants.map(({ id }) => id).slice(0, 8);
  return { slot: 'tenant', text: 'whose data it is', suggestions };
}

/** `allowed at ams2 and fra1; forbidden at iad3 by gdpr-44-eea`. */
function verdictWords(sites: readonly SiteVerdict[]): string {
  const said = [allowedWords(sites), ...sites.flatMap(closedWords)].filter((words) => words !== '');
  return said.length === 0 ? 'no site is known' : said.join('; ');
}

function allowedWords(sites: readonly SiteVerdict[]): string {
  const open = sites.filter(({ answer }) => answer === 'allowed').map(({ site }) => site);
  return open.length === 0 ? '' : `allowed at ${listed(open)}`;
}

function closedWords({ site, answer, hits }: SiteVerdict): readonly string[] {
  const rules = listed([...new Set(hits.map(({ rule }) => rule))], 6);
  switch (answer) {
    case 'allowed':
      return [];
    case 'forbidden':
      return [`forbidden at ${site} by ${rules}`];
    case 'fact-missing':
      return [`not decided at ${site}: facts are missing for ${rules}`];
    default:
      return answer satisfies never;
  }
}

function standing({ gazetteer }: Talk, { subject, sites }: PolicyCheck): string {
  const tenant = gazetteer.summary.tenants.find(({ id }) => subject.includes(id));
  const regimes =
    tenant === undefined || tenant.regimes.length === 0
      ? ''
      : `${tenant.id} is registered under ${listed(tenant.regimes)}. `;
  return `${regimes}${capital(subject)}: ${verdictWords(sites)}.`;
}

/** How an exception comes about where there can be one. */
const exception =
  "An exception is a record, signed by one person and confirmed by another, with a reason and an end (`berth policy override RULE`); no chat and no agent can start one. Whoever answers for the team's registered rules can change them too, which is recorded.";

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
