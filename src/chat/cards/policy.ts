import type { PolicyCheck } from '../../model/policy-view.ts';
import type { RuleHit, SiteVerdict } from '../../model/policy.ts';
import { indent, inset, type Line, paragraph, type Room, type Tone } from './line.ts';

/** What the rules say about a tenant's data: every site, every rule that bites, what it read, and what would help. */
export function policyCard(check: PolicyCheck, room: Room): Line[] {
  const { subject, from, until, sites, packs, policy, facts, denial, note } = check;
  const digests = `rules ${policy.slice(0, 19)}…${facts === undefined ? '' : `, facts ${facts.slice(0, 19)}…`}`;
  return [
    ...paragraph(`${subject}, from ${from} until ${until}`, room),
    ...sites.flatMap((site) => siteLines(site, room)),
    ...paragraph(`asked: ${packs.join(', ') || 'none'}; ${digests}`, room),
    ...(denial === undefined ? [] : paragraph(denialText(denial), room, 'bad')),
    ...paragraph(note, room),
  ];
}

function denialText({ asked, entry, note }: NonNullable<PolicyCheck['denial']>): string {
  const where = entry === undefined ? '' : ` (entry ${entry.seq})`;
  return `to set aside ${asked.join(', ')}: ${note}${where}`;
}

function siteLines({ site, answer, hits, flags = [] }: SiteVerdict, room: Room): Line[] {
  const word = answer === 'fact-missing' ? 'facts are missing' : answer;
  const within = inset(room, 2);
  const lines = [
    ...hits.flatMap((hit) => hitLines(hit, hit.effect === 'forbid' ? 'forbids' : 'lacks facts', within)),
    ...flags.flatMap((hit) => hitLines(hit, 'points out', within)),
  ];
  return [...paragraph(`${site}: ${word}`, room, toneOf(answer)), ...indent(lines, 2)];
}

function toneOf(answer: SiteVerdict['answer']): Tone {
  if (answer === 'allowed') return 'good';
  return answer === 'forbidden' ? 'bad' : 'warn';
}

function hitLines({ rule, article, why, fix, facts = [] }: RuleHit, verb: string, room: Room): Line[] {
  const within = inset(room, 2);
  const details = [...facts.map(({ fact, source }) => `${fact}: ${source}`), `to change it: ${fix}`];
  return [
    ...paragraph(`${rule} (${article}) ${verb}: ${why}`, room),
    ...indent(
      details.flatMap((text) => paragraph(text, within)),
      2,
    ),
  ];
}
