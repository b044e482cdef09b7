import { contractOf, type State } from '../core/state.ts';
import type { ContractDetail, ContractList } from '../model/contract-view.ts';
import { type Contract, stateAt } from '../model/contract.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { ContractId } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { maySeeContract } from './caller.ts';
import type { Caller, ContractFilter } from './control.ts';
import type { Door } from './door.ts';
import { entriesOf } from './history.ts';
import { momentFor } from './narrowing.ts';
import { pageOf } from './page.ts';
import { placeNamed, runsWithin } from './place-name.ts';
import { enginesOf } from './views/binding-view.ts';
import { observedView } from './views/observed-view.ts';
import { bandwidthView, contractView, partViews, zoneOf } from './views/plan-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** The contract, if it exists and the caller may see it; NOT_FOUND either way otherwise. */
export function contractFor(
  state: State,
  caller: Pick<Caller, 'tenants' | 'sites'>,
  id: ContractId,
): Contract {
  const contract = contractOf(state, id);
  if (contract !== undefined && maySeeContract(caller, contract)) return contract;
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no contract \`${id}\``,
    fix: 'list them with `contract_search`, or `berth contracts`',
    seeTool: 'contract_search',
  });
}

export async function searchContracts(
  door: Door,
  caller: Caller,
  filter: ContractFilter,
): Promise<ContractList> {
  const moment = await momentFor(door, caller);
  const { state, nowMs } = moment;
  const place = filter.within === undefined ? undefined : placeNamed(state, filter.within);
  if (filter.tenant !== undefined) requireKnown(state, caller, filter.tenant);
  const matching = [...state.contracts].filter(
    (contract) =>
      maySeeContract(caller, contract) &&
      (filter.tenant === undefined || contract.tenant === filter.tenant) &&
      (filter.state === undefined || stateAt(contract, nowMs) === filter.state) &&
      (place === undefined || runsWithin(state, seatsOf(contract.placement), place)),
  );
  const page = pageOf(matching, filter);
  return {
    snapshot: snapshotOf(moment),
    contracts: page.items.map((contract) => contractView(state, contract, nowMs)),
    total: matching.length,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    truncated: page.nextCursor !== undefined,
  };
}

/** Throws NOT_FOUND for a tenant that is not registered. Who acts for some tenants only is not told which others are. */
function requireKnown(state: State, caller: Pick<Caller, 'tenants'>, tenant: string): void {
  const known: readonly string[] = [...state.tenants.keys()];
  if (caller.tenants !== undefined || known.includes(tenant)) return;
  const meant = didYouMean(tenant, known);
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no tenant \`${cleanText(tenant, 80)}\``,
    fix: meant === undefined ? `one of ${known.join(', ')}` : `did you mean \`${meant}\`?`,
    field: 'tenant',
    ...(meant === undefined ? {} : { didYouMean: meant }),
  });
}

export async function contractDetail(door: Door, caller: Caller, id: ContractId): Promise<ContractDetail> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const contract = contractFor(state, caller, id);
  const zone = zoneOf(state, contract.demand);
  return {
    snapshot: snapshotOf(moment, zone),
    contract: contractView(state, contract, nowMs),
    parts: partViews(state, contract.demand, contract.placement),
    ...bandwidthView(contract.placement, zone),
    terms: contract.terms,
    ...handedTo(moment, contract.id, zone),
    ...observedOf(state, contract),
    entries: (await entriesAbout(door, id)).map((entry) => ({
      seq: entry.seq,
      digest: entry.digest,
      at: isoIn(entry.atMs, zone),
      what: entry.decision.kind,
      by:
        entry.actor.onBehalfOf === undefined
          ? entry.actor.principal
          : `${entry.actor.principal} for ${entry.actor.onBehalfOf}`,
    })),
  };
}

function handedTo(moment: Moment, id: ContractId, zone: string): Pick<ContractDetail, 'engines'> {
  const engines = enginesOf(moment, id, zone);
  return engines.length === 0 ? {} : { engines };
}

function observedOf(state: State, contract: Contract): Pick<ContractDetail, 'observed'> {
  const standing = state.observed.get(contract.id);
  return standing === undefined ? {} : { observed: observedView(state, contract, standing) };
}

async function entriesAbout(door: Door, id: ContractId): Promise<readonly Entry[]> {
  const about: Entry[] = [];
  for await (const entry of entriesOf(door.ledger))
    if ('contract' in entry.decision && entry.decision.contract === id) about.push(entry);
  return about;
}
