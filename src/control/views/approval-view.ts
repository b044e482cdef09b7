import { planOf } from '../../core/authority/approvals.ts';
import { type Approval, approvalStateAt, type Authority } from '../../core/authority/authority.ts';
import { sponsorsOf } from '../../core/authority/mandates.ts';
import { rolesOf, tenantsOf } from '../../core/authority/people.ts';
import { contractOf, type State } from '../../core/state.ts';
import type { ApprovalView } from '../../model/approval-view.ts';
import { requestersOf } from '../../model/authority.ts';
import type { ContractId, PrincipalId } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { isoIn } from '../zone.ts';
import { zoneOf } from './plan-view.ts';

/**
 * One approval as people are shown it. `plan` is the one that it is about, `why` what was said with a no, `page` the
 * address of the pages on which people decide.
 */
export function approvalView(
  state: State,
  approval: Approval,
  {
    nowMs,
    plan,
    page,
    why = '',
  }: {
    readonly nowMs: number;
    readonly plan: Plan | undefined;
    readonly page: string | undefined;
    readonly why?: string;
  },
): ApprovalView {
  const { id, command, tenant, tier, persons, need, requestedBy, mandate, digest } = approval;
  const zone = tenant === undefined ? 'UTC' : zoneOf(state, { tenant });
  const planId = planOf(approval);
  const lease = planId === undefined ? undefined : state.leases.get(planId);
  const isOpen = approvalStateAt(approval, nowMs) === 'open';
  return {
    id,
    state: approvalStateAt(approval, nowMs),
    action: actions[command.kind],
    summary: summaryOf(state, approval, plan),
    ...(tenant === undefined ? {} : { tenant }),
    tier,
    why: [...approval.why],
    need,
    requestedBy,
    ...(mandate === undefined ? {} : { mandate }),
    requestedAt: isoIn(approval.requestedAtMs, zone),
    persons,
    yes: approval.voices.map(({ principal, atMs }) => ({ by: principal, at: isoIn(atMs, zone) })),
    mayDecide: isOpen ? decidersOf(state.authority, approval) : [],
    expiresAtMs: approval.expiresAtMs,
    expires: isoIn(approval.expiresAtMs, zone),
    ...(planId === undefined ? {} : { plan: planId }),
    digest,
    ...contractIn(approval),
    ...(lease === undefined || !isOpen ? {} : { heldUntil: isoIn(lease.untilMs, zone) }),
    ...endedView(approval, why, zone),
    command: `berth approve ${id}`,
    ...(page === undefined || !isOpen ? {} : { page: `${page}/approvals/${id}` }),
  };
}

const actions = {
  'commit-plan': 'commit',
  'change-contract': 'change',
  'release-contract': 'release',
  'start-maintenance': 'maintain',
} as const;

function contractIn({ command, end }: Approval): { contract?: ContractId } {
  if (end?.kind === 'used' && end.contract !== undefined) return { contract: end.contract };
  return 'contract' in command ? { contract: command.contract } : {};
}

function endedView({ end }: Approval, why: string, zone: string): Pick<ApprovalView, 'ended'> {
  if (end === undefined) return {};
  const at = isoIn(end.atMs, zone);
  return end.kind === 'used' ? { ended: { at } } : { ended: { at, by: end.by, reason: cleanText(why, 300) } };
}

/** `agent:ops-bot for person:hank wants to commit 16 GPUs at fra1 for globex, from … to …, 5529.60 EUR` */
function summaryOf(state: State, approval: Approval, plan: Plan | undefined): string {
  const { requestedBy, command } = approval;
  const who = requestersOf(requestedBy).join(' for ');
  switch (command.kind) {
    case 'commit-plan':
      return `${who} wants to commit ${planWords(state, approval, plan)}`;
    case 'change-contract':
      return `${who} wants to change ${command.contract} to ${planWords(state, approval, plan)}`;
    case 'release-contract': {
      const { blastGpus } = approval.need;
      return `${who} wants to release ${command.contract} with ${gpuWords(blastGpus)} for ${tenantOf(state, command.contract)}; it cannot be taken back`;
    }
    case 'start-maintenance': {
      const span = `from ${isoIn(command.fromMs, 'UTC')} to ${isoIn(command.toMs, 'UTC')}`;
      return `${who} wants to close ${command.place} (${gpuWords(approval.need.blastGpus)}) ${span}`;
    }
    default:
      return command satisfies never;
  }
}

function planWords(state: State, { need, tenant }: Approval, plan: Plan | undefined): string {
  const gpus = gpuWords(need.gpus);
  if (plan === undefined) return `${gpus} for ${tenant ?? 'nobody'}`;
  const zone = zoneOf(state, plan.demand);
  const { startMs, endMs, members } = plan.placement;
  const sites = [...new Set(members.map(({ node }) => node.split('/', 1)[0] ?? ''))].toSorted(compareText);
  const end = endMs === undefined ? 'without an end' : `to ${isoIn(endMs, zone)}`;
  const { totalMicroEur } = plan.price;
  const price = totalMicroEur === undefined ? 'no total price' : `${euros(totalMicroEur)} EUR`;
  const ends = plan.preempts === undefined ? '' : `; it ends ${plan.preempts.join(', ')}`;
  const shrunk = (plan.shrinks ?? []).map(({ contract }) => contract);
  const takes = shrunk.length === 0 ? '' : `; it takes extras of ${shrunk.join(', ')}`;
  return `${gpus} at ${sites.join(', ')} for ${plan.demand.tenant}, from ${isoIn(startMs, zone)} ${end}, ${price}${ends}${takes}`;
}

function gpuWords(count: number): string {
  return `${count} ${count === 1 ? 'GPU' : 'GPUs'}`;
}

function tenantOf(state: State, id: ContractId): string {
  return contractOf(state, id)?.tenant ?? 'nobody';
}

function euros(microEur: number): string {
  const cents = Math.round(microEur / 10_000);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/** People who could say yes now. In an open ledger whoever is at the terminal, with a key of its own. */
function decidersOf(authority: Authority, approval: Approval): string[] {
  const { tier, tenant, requestedBy, voices } = approval;
  const own = requestersOf(requestedBy);
  const sponsors = approval.mandate === undefined ? [] : sponsorsOf(authority, approval.mandate);
  const named = [...authority.principals.values()].flatMap((principal): PrincipalId[] => {
    if (principal.kind === 'agent' || voices.some((voice) => voice.principal === principal.id)) return [];
    const isOwn = own.includes(principal.id);
    const tenants = tenantsOf(authority, principal);
    if (tenant !== undefined && tenants?.includes(tenant) === false) return [];
    const roles = rolesOf(authority, principal);
    const mayApprove = roles.includes('approver') || roles.includes('admin');
    if (tier <= 2) return mayApprove || isOwn ? [principal.id] : [];
    return mayApprove && !isOwn && !sponsors.includes(principal.id) ? [principal.id] : [];
  });
  const local = authority.isClosed ? [] : ['the local operator, with a key of its own (`berth keys new`)'];
  return [...named.toSorted(compareText), ...local];
}
