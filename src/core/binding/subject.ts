import type { EngineName, Subject } from '../../model/binding.ts';
import { type Contract, isStanding } from '../../model/contract.ts';
import { ContractId, MaintenanceId } from '../../model/id.ts';
import { contractOf, type Maintenance, type State } from '../state.ts';
import { type Binding, boundKey } from './binding.ts';

export function bindingOf(
  { bindings }: State,
  about: { readonly subject: Subject; readonly engine: EngineName },
): Binding | undefined {
  return bindings.get(boundKey(about));
}

export function boundContract(state: State, subject: Subject): Contract | undefined {
  const id = ContractId.safeParse(subject);
  return id.success ? contractOf(state, id.data) : undefined;
}

export function boundWindow(state: State, subject: Subject): Maintenance | undefined {
  const id = MaintenanceId.safeParse(subject);
  return id.success ? state.maintenance.get(id.data) : undefined;
}

/** How a subject stands: which version of it engines should know, and whether there is anything for them to hold. */
export function standingOfSubject(
  state: State,
  subject: Subject,
  atMs: number,
): { readonly version: number; readonly stands: boolean } | undefined {
  const contract = boundContract(state, subject);
  if (contract !== undefined) return { version: contract.version, stands: isStanding(contract, atMs) };
  const window = boundWindow(state, subject);
  if (window === undefined) return undefined;
  const { cancelledAtMs, toMs } = window;
  return {
    version: cancelledAtMs === undefined ? 1 : 2,
    stands: cancelledAtMs === undefined && toMs > atMs,
  };
}

export type DueBinding = { readonly binding: Binding; readonly why: string };

/** What engines are to be spoken to about at `atMs`, in the order of its keys, and why. Folded from the ledger alone. */
export function dueBindings(state: State, atMs: number): readonly DueBinding[] {
  return [...state.bindings.values()].flatMap((binding) => {
    const why = whyDue(state, binding, atMs);
    return why === undefined ? [] : [{ binding, why }];
  });
}

function whyDue(state: State, binding: Binding, atMs: number): string | undefined {
  const subject = standingOfSubject(state, binding.subject, atMs);
  if (subject === undefined) return undefined;
  if (!subject.stands && binding.objectCount > 0) return 'it has ended';
  if (subject.version !== binding.version && binding.objectCount > 0) return 'it was changed';
  if (tookOver(state, binding, atMs)) return 'a change took over';
  if (began(state, binding, atMs)) return 'it has begun';
  if (binding.nextAtMs === undefined) return undefined;
  if (binding.nextAtMs > atMs) return undefined;
  return binding.last === undefined ? 'it was begun and not ended' : 'it is to be tried again';
}

/** Whether it has begun since it was last looked at: some objects mean something only from then on. */
function began(state: State, { subject, last, objectCount }: Binding, atMs: number): boolean {
  const contract = boundContract(state, subject);
  const startMs = contract?.placement.startMs ?? boundWindow(state, subject)?.fromMs;
  if (last === undefined || startMs === undefined || objectCount === 0) return false;
  return startMs > last.atMs && startMs <= atMs;
}

/** Whether a change of the contract that was still to come when it was bound has taken over since. */
function tookOver(state: State, { subject, beganAtMs }: Binding, atMs: number): boolean {
  return changesHands(state, subject, { afterMs: beganAtMs, atMs });
}

function changesHands(
  state: State,
  subject: Subject,
  { afterMs, atMs }: { readonly afterMs: number; readonly atMs: number },
): boolean {
  const { earlier = [] } = boundContract(state, subject) ?? {};
  return earlier.some(({ untilMs }) => untilMs > afterMs && untilMs <= atMs);
}

/**
 * Whether time alone has made another thing of it since `afterMs`: a change took over, or it ended. What was to be
 * handed over then is not what is to be there at `atMs`.
 */
export function turnedOver(
  state: State,
  subject: Subject,
  span: { readonly afterMs: number; readonly atMs: number },
): boolean {
  const { afterMs, atMs } = span;
  const stood = standingOfSubject(state, subject, afterMs)?.stands === true;
  const stands = standingOfSubject(state, subject, atMs)?.stands === true;
  return changesHands(state, subject, span) || (stood && !stands);
}
