import { type Act, actOf } from '../core/authority/act.ts';
import { approvalOf, type Authority } from '../core/authority/authority.ts';
import { rolesOf, standingOf, tenantsOf } from '../core/authority/people.ts';
import type { Acting, ActVerdict } from '../core/given.ts';
import type { Archive, State } from '../core/state.ts';
import type { Actor } from '../model/actor.ts';
import { isAgent, type Principal, requestersOf } from '../model/authority.ts';
import type { Command } from '../model/command.ts';
import { dayOf } from '../model/day.ts';
import type { PrincipalId } from '../model/id.ts';
import { authorize } from '../policy/authorize.ts';
import { builtInPacks } from '../policy/built-in.ts';
import type { CedarJson } from '../policy/cedar/value.ts';
import type { Packs } from '../policy/pack-set.ts';
import { signatureOf } from './signatures.ts';

type Asked = {
  readonly actor: Actor;
  readonly command: Command;
  readonly atMs: number;
  readonly archive: Archive;
  /** Those that were in force when it was decided, where it is decided again. */
  readonly packs?: Packs;
};

/** Who gives a command, with everything that the rules say about that. The same for the same state and command. */
export function actingOn(state: State, { actor, command, ...asked }: Asked): Acting {
  const verdict = verdictOn(state, actor, { command, ...asked });
  const signature = signatureOf(state.authority, actor.principal, command);
  const approval =
    command.kind === 'approve-plan' ? approvalOf(state.authority, command.approval) : undefined;
  if (approval === undefined) return { actor, verdict, signature };
  const parked = verdictOn(state, approval.requestedBy, { command: approval.command, ...asked });
  return { actor, verdict, signature, parked };
}

function verdictOn(
  state: State,
  actor: Actor,
  { command, archive, atMs, packs = builtInPacks() }: Omit<Asked, 'actor'>,
): ActVerdict {
  const { authority } = state;
  const act = aboutApproval(authority, command, actOf(state, command, { archive, atMs }));
  const request = {
    action: actionIn(packs, act.action),
    principal: principalUid(actor.principal),
    resource: resourceUid(act.action),
    context: contextOf(act, { atMs, command, isOwnRequest: isOwnRequest(authority, actor, command) }),
    entities: [
      { uid: principalUid(actor.principal), attrs: principalFacts(authority, actor), parents: [] },
      {
        uid: resourceUid(act.action),
        attrs: act.tenant === undefined ? {} : { tenant: act.tenant },
        parents: [],
      },
    ],
    atMs,
  };
  const { policy, answer, hits, tier, raisedBy } = authorize(request, packs);
  const reasons = new Map(packs.rules.map(({ id, why }) => [id, why]));
  return { policy, answer, hits, tier, why: raisedBy.map((id) => `${id}: ${reasons.get(id) ?? ''}`) };
}

/** Packs from before handing over had an action of its own let whoever may import do it. */
function actionIn({ set }: Packs, action: Act['action']): string {
  return action === 'bind' && !Object.hasOwn(set.actions, action) ? 'import' : action;
}

function principalUid(id: PrincipalId) {
  return { type: isAgent(id) ? 'Berth::Agent' : 'Berth::Human', id };
}

/** What kind of thing an action is about. Which one it is no rule asks, only for which tenant. */
function resourceUid(action: Act['action']) {
  return { type: `Berth::${resourceTypes[action]}`, id: 'it' };
}

const resourceTypes: Readonly<Record<Act['action'], string>> = {
  commit: 'Plan',
  change: 'Contract',
  release: 'Contract',
  hold: 'Plan',
  maintain: 'Place',
  import: 'Record',
  bind: 'Record',
  'register-tenant': 'Record',
  record: 'Record',
  grant: 'Record',
  vouch: 'Record',
  override: 'Override',
  stop: 'Record',
  approve: 'Approval',
};

/** A word on an approval is about the tenant that it is for. */
function aboutApproval(authority: Authority, command: Command, act: Act): Act {
  if (command.kind !== 'approve-plan' && command.kind !== 'reject-plan') return act;
  const tenant = approvalOf(authority, command.approval)?.tenant;
  return tenant === undefined ? act : { ...act, tenant };
}

/** What rules may know of whoever acts. */
function principalFacts(authority: Authority, actor: Actor): Readonly<Record<string, CedarJson>> {
  const { principal: id, byHand } = actor;
  const known = authority.principals.get(id);
  const standing = standingOf(authority, id);
  if (isAgent(id)) return { standing, ...agentFacts(authority, actor, known) };
  const tenants = known === undefined ? undefined : tenantsOf(authority, known);
  return {
    standing,
    roles: known === undefined ? [] : rolesOf(authority, known),
    ...(tenants === undefined ? {} : { tenants }),
    byHand: byHand === true,
  };
}

function agentFacts(
  authority: Authority,
  { model, software, catalogue }: Actor,
  known: Principal | undefined,
): Readonly<Record<string, CedarJson>> {
  const agent = known?.kind === 'agent' ? known : undefined;
  const isShownKnown = catalogue !== undefined && authority.catalogues.has(catalogue);
  return {
    modelApproved: isModelApproved(authority, model, agent?.models),
    softwareAsRegistered: agent?.digest === undefined || agent.digest === software,
    toolsAsRegistered: authority.catalogues.size === 0 || isShownKnown,
  };
}

/** Where models are registered, or an agent's are, an agent says on which one it runs, and it is one of them. */
function isModelApproved(
  { models }: Authority,
  model: string | undefined,
  own: readonly string[] | undefined,
): boolean {
  if (models.size > 0 && (model === undefined || !models.has(model))) return false;
  return own === undefined || (model !== undefined && own.includes(model));
}

function contextOf(
  { need, preempts, preemptsOthers, regimes, dataClasses }: Act,
  asked: { readonly atMs: number; readonly command: Command; readonly isOwnRequest: boolean },
): Readonly<Record<string, CedarJson>> {
  const { spendMicroEur } = need;
  return {
    today: dayOf(asked.atMs),
    nowMs: asked.atMs,
    gpus: need.gpus,
    blastGpus: need.blastGpus,
    ...(spendMicroEur === undefined ? {} : { spendMicroEur }),
    preempts,
    preemptsOthers,
    regimes,
    dataClasses,
    isOpening: asked.command.kind === 'cancel-maintenance',
    isOwnRequest: asked.isOwnRequest,
  };
}

/** Whoever asked may confirm what only needs that, and take back what waits. */
function isOwnRequest(authority: Authority, actor: Actor, command: Command): boolean {
  if (command.kind !== 'approve-plan' && command.kind !== 'reject-plan') return false;
  const approval = approvalOf(authority, command.approval);
  if (approval === undefined || !requestersOf(approval.requestedBy).includes(actor.principal)) return false;
  return command.kind === 'reject-plan' || approval.tier <= 2;
}
