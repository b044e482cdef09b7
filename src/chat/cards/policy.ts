import type { PolicyCheck } from '../../model/policy-view.ts';
import type { SiteVerdict } from '../../model/policy.ts';
import { countOf, shortDigest } from './amount.ts';
import { columnsOf, type Line, paragraph, type Room, span, type Tone, wrap } from './line.ts';
import { ruleLines, verbOf } from './rules.ts';
import { section } from './section.ts';
import { formatInstant } from './time.ts';

/** What the rules say about a tenant's data: each site, and each rule that bites with its article and what would help. */
export function policyCard(check: PolicyCheck, room: Room): Line[] {
  const { subject, from, until, sites, packs, policy, facts, denial, note } = check;
  const hits = sites.flatMap(({ site, hits: ofSite }) => ofSite.map((hit) => ({ ...hit, site })));
  const flags = sites.flatMap(({ site, flags: ofSite = [] }) => ofSite.map((hit) => ({ ...hit, site })));
  const digests = `rules ${shortDigest(policy)}${facts === undefined ? '' : `, facts ${shortDigest(facts)}`}`;
  const when =
    from === until ? `at ${formatInstant(from)}` : `from ${formatInstant(from)} to ${formatInstant(until)}`;
  const rules = new Set(hits.map(({ rule }) => rule)).size;
  return [
    ...wrap([span(subject, 'strong'), span(`, ${when}`)], columnsOf(room)),
    ...answers(sites).flatMap((line) => wrap([{ text: '  ' }, ...line], columnsOf(room), 4)),
    ...section(`Not met, ${countOf(rules, 'rule')}`, ruleLines(hits, verbOf, room), room),
    ...section(
      'Pointed out',
      ruleLines(flags, () => 'points out', room),
      room,
    ),
    ...paragraph(`asked: ${packs.join(', ') || 'none'}; ${digests}`, room, 'dim'),
    ...(denial === undefined ? [] : paragraph(denialText(denial), room, 'bad')),
    ...paragraph(note, room, 'dim'),
  ];
}

function denialText({ asked, entry, note }: NonNullable<PolicyCheck['denial']>): string {
  const where = entry === undefined ? '' : ` (entry ${entry.seq})`;
  return `to set aside ${asked.join(', ')}: ${note}${where}`;
}

/** `allowed: fra1, ams2`, a line for each answer that some site has. */
function answers(sites: readonly SiteVerdict[]): Line[] {
  return (['allowed', 'forbidden', 'fact-missing'] as const).flatMap((answer) => {
    const such = sites.filter((verdict) => verdict.answer === answer).map(({ site }) => site);
    return such.length === 0 ? [] : [[span(`${wordOf(answer)}: `, toneOf(answer)), span(such.join(', '))]];
  });
}

function wordOf(answer: SiteVerdict['answer']): string {
  return answer === 'fact-missing' ? 'facts are missing' : answer;
}

function toneOf(answer: SiteVerdict['answer']): Tone {
  if (answer === 'allowed') return 'good';
  return answer === 'forbidden' ? 'bad' : 'warn';
}
