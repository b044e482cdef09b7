import { type Contract, isStanding } from '../../model/contract.ts';
import { ApprovalId, ContractId, MaintenanceId, OperationId } from '../../model/id.ts';
import { isOver, type OperationState } from '../../model/operation.ts';
import { type Approval, approvalOf, approvalStateAt, openApprovals } from '../authority/authority.ts';
import { attemptLimit, type Binding } from '../binding/binding.ts';
import { dueBindings } from '../binding/subject.ts';
import { contractOf, type Maintenance, type State } from '../state.ts';

/** What goes on after the call that began it, as it stands at one instant. Folded from the state alone. */
export type Operation = {
  readonly id: OperationId;
  readonly state: OperationState;
  readonly about:
    | { readonly kind: 'approval'; readonly approval: Approval }
    | { readonly kind: 'contract'; readonly contract: Contract }
    | { readonly kind: 'maintenance'; readonly window: Maintenance };
  /** When the clock alone changes its state. */
  readonly dueMs?: number;
  /** What engines were handed of it. */
  readonly bindings: readonly Binding[];
  /** What it goes on as. */
  readonly becomes?: OperationId;
};

/** The operation of that number, over or not; nothing where the ledger has given no such number. */
export function operationOf(state: State, id: OperationId, atMs: number): Operation | undefined {
  return operationAt(state, id, lookAt(state, atMs));
}

/** Everything under way: what waits for a person, then closed places, then contracts, each by number. */
export function operationsUnderWay(state: State, atMs: number): readonly Operation[] {
  const look = lookAt(state, atMs);
  const ids: readonly string[] = [
    ...openApprovals(state.authority, atMs).map(({ id }) => id),
    ...state.maintenance.keys(),
    ...contractsUnderWay(state, look),
  ];
  return ids.flatMap((id) => {
    const found = operationAt(state, OperationId.parse(id), look);
    return found === undefined || isOver(found.state) ? [] : [found];
  });
}

/** The operation that a contract is now, at its newest version. */
export function operationOfContract({ id, version }: Pick<Contract, 'id' | 'version'>): OperationId {
  return OperationId.parse(`${id}.${version}`);
}

/** Everything about engines that one look at the state needs, read once. */
type Look = {
  readonly atMs: number;
  readonly due: ReadonlySet<Binding>;
  readonly bySubject: ReadonlyMap<string, readonly Binding[]>;
};

function lookAt(state: State, atMs: number): Look {
  return {
    atMs,
    due: new Set(dueBindings(state, atMs).map(({ binding }) => binding)),
    bySubject: Map.groupBy(state.bindings.values(), ({ subject }): string => subject),
  };
}

function operationAt(state: State, id: OperationId, look: Look): Operation | undefined {
  const approval = ApprovalId.safeParse(id);
  if (approval.success) return ofApproval(state, approvalOf(state.authority, approval.data), look);
  const window = MaintenanceId.safeParse(id);
  if (window.success) return ofMaintenance(state.maintenance.get(window.data), look);
  return ofContract(state, id, look);
}

/** Contracts that begin later, and those that engines were handed. Any other one is over as an operation. */
function contractsUnderWay(state: State, { atMs, bySubject }: Look): readonly OperationId[] {
  return [...state.contracts]
    .filter(({ id, placement }) => placement.startMs > atMs || bySubject.has(id))
    .map(operationOfContract);
}

function ofApproval(state: State, approval: Approval | undefined, { atMs }: Look): Operation | undefined {
  if (approval === undefined) return undefined;
  const own = {
    id: OperationId.parse(approval.id),
    about: { kind: 'approval' as const, approval },
    bindings: [],
  };
  const now = approvalStateAt(approval, atMs);
  if (now === 'open') return { ...own, state: 'waiting', dueMs: approval.expiresAtMs };
  if (now !== 'used') return { ...own, state: now };
  const becomes = outcomeOf(state, approval);
  return { ...own, state: 'done', ...(becomes === undefined ? {} : { becomes }) };
}

/** What came of a yes. */
function outcomeOf(state: State, { command, end }: Approval): OperationId | undefined {
  if (command.kind === 'start-maintenance') {
    const isMeant = ({ place, fromMs, toMs }: Maintenance) =>
      place === command.place && fromMs === command.fromMs && toMs === command.toMs;
    const window = [...state.maintenance.values()].findLast(isMeant);
    return window === undefined ? undefined : OperationId.parse(window.id);
  }
  const made = end?.kind === 'used' ? end.contract : undefined;
  const id = 'contract' in command ? command.contract : made;
  const contract = id === undefined ? undefined : contractOf(state, id);
  return contract === undefined ? undefined : operationOfContract(contract);
}

function ofMaintenance(window: Maintenance | undefined, look: Look): Operation | undefined {
  if (window === undefined) return undefined;
  const { id, fromMs, toMs, cancelledAtMs } = window;
  const { atMs } = look;
  const bindings = look.bySubject.get(id) ?? [];
  const own = { id: OperationId.parse(id), about: { kind: 'maintenance' as const, window }, bindings };
  const handing = handingState(bindings, look);
  if (handing !== undefined) return { ...own, state: handing };
  if (cancelledAtMs !== undefined) return { ...own, state: 'cancelled' };
  if (atMs >= toMs) return { ...own, state: 'done' };
  return atMs < fromMs
    ? { ...own, state: 'scheduled', dueMs: fromMs }
    : { ...own, state: 'running', dueMs: toMs };
}

function ofContract(state: State, id: OperationId, look: Look): Operation | undefined {
  const [number, asked] = id.split('.');
  const contract = contractOf(state, ContractId.parse(number));
  if (contract === undefined || Number(asked) > contract.version) return undefined;
  const about = { kind: 'contract' as const, contract };
  if (Number(asked) < contract.version)
    return { id, about, state: 'done', bindings: [], becomes: operationOfContract(contract) };
  const bindings = look.bySubject.get(contract.id) ?? [];
  const handing = handingState(bindings, look);
  if (handing !== undefined) return { id, about, state: handing, bindings };
  const { startMs } = contract.placement;
  const isToCome = isStanding(contract, look.atMs) && startMs > look.atMs;
  return isToCome
    ? { id, about, state: 'scheduled', dueMs: startMs, bindings }
    : { id, about, state: 'done', bindings };
}

/** How far engines are; nothing where they hold what they are to hold, or were handed nothing. */
function handingState(
  bindings: readonly Binding[],
  { due }: Look,
): Extract<OperationState, 'handing-over' | 'stuck'> | undefined {
  const open = bindings.filter(({ last }) => last?.result !== 'kept');
  if (open.some(({ attempts }) => attempts >= attemptLimit)) return 'stuck';
  return open.length > 0 || bindings.some((binding) => due.has(binding)) ? 'handing-over' : undefined;
}
