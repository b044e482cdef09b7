import type { Shown, Toolbox, Turn, TurnOptions } from '../agent/agent.ts';
import { ToolFailure, type ToolCalls, toolCalls } from '../agent/tool-calls.ts';
import { AuditList } from '../model/audit.ts';
import { ApprovalList } from '../model/authority-view.ts';
import { OccurrenceList } from '../model/occurrence.ts';
import type { PictureList, RackPicture } from '../model/picture-view.ts';
import { type PlanView } from '../model/plan-view.ts';
import { PolicyCheck } from '../model/policy-view.ts';
import { VerifyResult } from '../model/verify-view.ts';
import { failedTurn } from './attempt.ts';
import { countOf } from './cards/amount.ts';
import type { Before } from './cards/turn.ts';
import type { Open } from './conversation.ts';
import { findNodes, type Name, readNames } from './names.ts';
import { racksOf } from './pictures/seat-map.ts';

/** What a slash command looks up by itself: the same answer whoever reads the requests, and no model is told. */
export type Asked =
  | { readonly kind: 'approvals'; readonly all: boolean }
  | { readonly kind: 'audit'; readonly who: string }
  | { readonly kind: 'events'; readonly place: string }
  | { readonly kind: 'picture'; readonly place: string }
  | { readonly kind: 'policy'; readonly tenant: string; readonly site?: string }
  | { readonly kind: 'verify' };

/** What a front end reads besides the agent's answers. */
export type Lookups = {
  look(asked: Asked, options: TurnOptions): Promise<Turn>;
  /** Names that may be completed. */
  names(): Promise<readonly Name[]>;
  /** The racks a plan sits in, or none where they are more than four, as they are over its time. */
  racks(plan: PlanView): Promise<readonly RackPicture[]>;
  /** Nodes that a part of a name may mean. */
  nodes(part: string): Promise<readonly Name[]>;
};

/** A time that a picture is of; now without one. */
type Window = { readonly fromMs: number; readonly toMs?: number };

export type LookupOptions = {
  readonly toolbox: Toolbox;
  /** Draws a place, or with `` every site. There is no tool for it: pictures are for people. */
  readonly picture: (place: string, window?: Window) => Promise<PictureList>;
  /** A stopwatch, in milliseconds. */
  readonly now?: () => number;
};

export function createLookups({ toolbox, picture, now = () => performance.now() }: LookupOptions): Lookups {
  return {
    names: () => readNames(toolbox),
    nodes: (part) => findNodes(toolbox, part),
    racks: (plan) => racksAround(plan, picture),
    async look(asked, options) {
      const calls = toolCalls(toolbox, options, now);
      try {
        const answer =
          asked.kind === 'picture' ? pictured(await picture(asked.place)) : await lookUp(asked, calls);
        return { outcome: 'answered', unread: [], toolCalls: calls.made, ...answer };
      } catch (error) {
        if (!(error instanceof ToolFailure)) throw error;
        return { ...failedTurn(error.detail), toolCalls: calls.made };
      }
    },
  };
}

/** What an answer is drawn with. A picture that cannot be had is left out: the answer counts. */
export async function contextOf(turn: Turn, { plan }: Open, lookups: Lookups): Promise<Before> {
  const racks = turn.plan === undefined ? [] : await lookups.racks(turn.plan).catch(() => []);
  return { racks, ...(plan !== undefined && { plan }) };
}

const mostRacks = 4;

/** What is no rack, such as a site without any, has no picture here. */
async function racksAround(
  plan: PlanView,
  picture: LookupOptions['picture'],
): Promise<readonly RackPicture[]> {
  const places = racksOf(plan);
  if (places.length > mostRacks) return [];
  const { startMs: fromMs, endMs: toMs } = plan;
  const window = { fromMs, ...(toMs !== undefined && { toMs }) };
  const lists = await Promise.all(places.map((place) => picture(place, window)));
  return lists.flatMap(({ pictures }) => pictures.flatMap((each) => (each.kind === 'rack' ? [each] : [])));
}

type Found = Pick<Turn, 'reply' | 'shown'>;

async function lookUp(asked: Exclude<Asked, { kind: 'picture' }>, calls: ToolCalls): Promise<Found> {
  switch (asked.kind) {
    case 'approvals':
      return approvalsFound(await calls.ask('approval_list', { all: asked.all, limit: 50 }, ApprovalList));
    case 'audit':
      return auditFound(await calls.ask('ledger_search', auditQuery(asked.who), AuditList));
    case 'events':
      return eventsFound(await calls.ask('event_search', eventQuery(asked.place), OccurrenceList));
    case 'policy':
      return policyFound(await calls.ask('policy_check', policyQuery(asked), PolicyCheck));
    case 'verify':
      return verified(await calls.ask('ledger_verify', {}, VerifyResult));
    default:
      return asked satisfies never;
  }
}

function approvalsFound(list: ApprovalList): Found {
  const open = list.approvals.filter(({ state }) => state === 'open').length;
  const reply =
    open === 0
      ? 'Nothing waits for a person.'
      : `${countOf(open, 'act')} ${open === 1 ? 'waits' : 'wait'} for a person. Nobody can say yes in a chat: it takes a terminal and that person's key.`;
  return found(reply, list.approvals.length === 0 ? [] : [{ kind: 'approvals', list }]);
}

function auditFound(list: AuditList): Found {
  return list.entries.length === 0
    ? found('No entry of the ledger is about that.', [])
    : found('', [{ kind: 'audit', list }]);
}

function eventsFound(list: OccurrenceList): Found {
  return list.events.length === 0
    ? found('Nothing is known to have happened there.', [])
    : found('', [{ kind: 'events', list }]);
}

function eventQuery(place: string): Record<string, unknown> {
  return { limit: 20, ...(place !== '' && { within: place }) };
}

function auditQuery(who: string): Record<string, unknown> {
  if (who === '') return { limit: 20 };
  if (/^c-\d+$/i.test(who)) return { contract: who.toUpperCase(), limit: 20 };
  return { principal: who.includes(':') ? who : `person:${who}`, limit: 20 };
}

function policyFound(check: PolicyCheck): Found {
  const open = check.sites.filter(({ answer }) => answer === 'allowed').map(({ site }) => site);
  const where = open.length === 0 ? 'nowhere' : `at ${open.join(', ')}`;
  return found(`The ${check.subject.replace(/^the /, '')} may be ${where}.`, [{ kind: 'policy', check }]);
}

function policyQuery({ tenant, site }: Extract<Asked, { kind: 'policy' }>): Record<string, unknown> {
  return { tenant, ...(site !== undefined && { sites: [site] }) };
}

function verified(verification: VerifyResult): Found {
  return found('', [{ kind: 'verification', verification }]);
}

function pictured(list: PictureList): Found {
  return found('', [{ kind: 'pictures', list }]);
}

function found(reply: string, shown: readonly Shown[]): Found {
  return { reply, shown };
}
