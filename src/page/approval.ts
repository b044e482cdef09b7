import type { ApprovalDetail } from '../model/authority-view.ts';
import type { PrincipalId } from '../model/id.ts';
import type { RuleHit, SiteVerdict } from '../model/policy.ts';
import { facts, notice } from './frame.ts';
import type { Outcome } from './login.ts';
import { type Html, markup, type Value } from './markup.ts';
import { euros, instant, whyNotYes } from './words.ts';

export type Shown = {
  readonly detail: ApprovalDetail;
  readonly reader: PrincipalId;
  /** What the reader's last word came to. */
  readonly outcome?: Outcome | undefined;
  /** The word that the form brings back; none where there is no form. */
  readonly form?: string;
};

/** Everything that a yes would be to, the consequences first, and the form for it while it waits. */
export function approvalPage({ detail, reader, outcome, form }: Shown): Html {
  const { approval } = detail;
  return markup`${outcome === undefined ? undefined : notice(outcome.lines, outcome.tone)}
    <p>${approval.summary}</p>
    ${section('What would be done', consequences(detail))}
    ${section('Who asks, and why you', asking(detail))}
    ${section('What the rules say', rules(detail))}
    ${section('What a yes is bound to', binding(detail))}
    ${form === undefined ? undefined : wordForms(detail, reader, form)}`;
}

function section(title: string, body: Value): Html {
  return markup`<section>
    <h2>${title}</h2>
    ${body}
  </section>`;
}

const actions = {
  commit: 'a new contract',
  change: 'a change of a contract',
  release: 'the end of a contract',
  maintain: 'a place is closed',
} as const;

function consequences({ approval, plan, contract }: ApprovalDetail): Html {
  const { need, action } = approval;
  const spend = need.spendMicroEur ?? plan?.price.totalMicroEur;
  return facts([
    ['what', actions[action]],
    ['tenant', approval.tenant],
    ['GPUs held afterwards', String(need.gpus)],
    ['GPUs that change hands', String(need.blastGpus)],
    ['cost', spend === undefined ? 'nobody has recorded a price, or it has no end' : euros(spend)],
    ['from', plan === undefined ? undefined : instant(plan.start)],
    ['until', plan === undefined ? undefined : plan.end === undefined ? 'no end' : instant(plan.end)],
    ['sites', plan?.sites.join(', ')],
    ['nodes', plan?.parts.flatMap(({ members }) => members.map(({ node }) => node)).join(', ')],
    ['purpose', plan?.purpose],
    ['guarantee', plan?.guarantee],
    ['contract it is about', contractWords(contract)],
    ['what it changes', plan?.changes?.summary],
    ['what others lose', losses(plan)],
    ['assumed', list(plan?.assumptions ?? [])],
  ]);
}

function contractWords(contract: ApprovalDetail['contract']): string | undefined {
  if (contract === undefined) return undefined;
  return `${contract.id} of ${contract.tenant}, ${contract.state}, ${contract.gpuCount} GPUs`;
}

/** Who loses what by it, where somebody does. */
function losses(plan: ApprovalDetail['plan']): Html | undefined {
  const lost = plan?.losses ?? [];
  return list(
    lost.map(({ contract, extras, gpuCount, why }) => {
      const whose = contract ?? 'a contract of another tenant';
      return `${whose} ${extras === undefined ? 'ends' : `loses ${extras} extra replicas`}: ${gpuCount} GPUs; ${why}`;
    }),
  );
}

function asking({ approval, asking: lines }: ApprovalDetail): Html {
  const { requestedBy, requestedAt, mandate } = approval;
  const chain = [requestedBy.principal, requestedBy.onBehalfOf].filter((one) => one !== undefined);
  return facts([
    ['asked by', chain.join(', in the name of ')],
    ['through', requestedBy.client ?? 'nothing known'],
    ['tool', requestedBy.tool],
    ['on model', requestedBy.model],
    ['under mandate', mandate],
    ['asked at', instant(requestedAt)],
    [
      'why a person',
      list(
        lines.map(
          ({ rule, article, why }) => `${why} (${rule}${article === undefined ? '' : `, ${article}`})`,
        ),
      ),
    ],
  ]);
}

function rules({ plan, verdict = [] }: ApprovalDetail): Html {
  if (plan === undefined) return markup`<p>Nothing is placed by it, so no rule about places was asked.</p>`;
  const { answer, packs, note } = plan.policy;
  const places = new Set(plan.sites);
  const told = verdict.filter(
    ({ site, hits, flags }) => places.has(site) || hits.length + (flags?.length ?? 0) > 0,
  );
  return markup`<p>
      ${answer.replaceAll('-', ' ')} at ${plan.sites.join(', ')} by ${packs.join(', ') || 'no pack'}: ${note}.
    </p>
    ${list(told.flatMap(siteLines))}`;
}

function siteLines({ site, answer, hits, flags = [] }: SiteVerdict): string[] {
  const said = (verb: string) => (hit: RuleHit) =>
    `${site}: ${verb} by ${hit.rule} (${hit.article}): ${hit.why}`;
  if (hits.length + flags.length === 0) return [`${site}: ${answer.replaceAll('-', ' ')}`];
  return [...hits.map(said('closed')), ...flags.map(said('pointed out'))];
}

function binding({ approval }: ApprovalDetail): Html {
  const { digest, plan, persons, yes, mayDecide, state, expires, heldUntil, ended, command } = approval;
  const isOpen = state === 'open';
  return facts([
    ['state', markup`<span class="state">${state}</span>`],
    ['digest', markup`<code>${digest}</code>`],
    ['plan', plan],
    ['said yes', list(yes.map(({ by, at }) => `${by} at ${instant(at)}`))],
    ['still needed', isOpen ? needed(persons - yes.length) : undefined],
    ['may decide', isOpen ? mayDecide.join(', ') || 'nobody who is registered' : undefined],
    ['expires', isOpen ? instant(expires) : undefined],
    ['capacity held until', heldUntil === undefined ? undefined : instant(heldUntil)],
    [
      'ended',
      ended === undefined
        ? undefined
        : [instant(ended.at), ended.by ?? '', ended.reason ?? ''].filter((text) => text !== '').join(', '),
    ],
    ['at a terminal', isOpen ? markup`<code>${command}</code>` : undefined],
  ]);
}

function needed(missing: number): string {
  return missing === 1 ? 'the yes of one person, which does it' : `the yes of ${missing} different persons`;
}

function list(lines: readonly string[]): Html | undefined {
  return lines.length === 0
    ? undefined
    : markup`<ul>
        ${lines.map((line) => markup`<li>${line}</li>`)}
      </ul>`;
}

/**
 * A form for each word, so that Enter in the reason of a no can never be a yes. They share their word: whichever is
 * sent first uses it up.
 */
function wordForms(detail: ApprovalDetail, reader: PrincipalId, form: string): Html {
  const { id, digest } = detail.approval;
  const why = whyNotYes(detail, reader);
  const hidden = markup`<input type="hidden" name="form" value="${form}" />
    <input type="hidden" name="digest" value="${digest}" />`;
  const yes = markup`<form method="post" action="/approvals/${id}">
    ${hidden}
    <button class="yes" name="decision" value="approve">Approve ${id}</button>
  </form>`;
  const no = markup`<form method="post" action="/approvals/${id}" autocomplete="off">
    ${hidden}
    <label for="reason">Reason of a no: kept in the ledger, and told to whoever asked</label>
    <input type="text" id="reason" name="reason" maxlength="300" required />
    <button class="no" name="decision" value="reject">Reject ${id}</button>
  </form>`;
  return markup`<section class="word"><h2>Your word</h2>${why === undefined ? yes : markup`<p>${why}</p>`}${no}</section>`;
}
