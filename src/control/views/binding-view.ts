import { attemptLimit, type Binding } from '../../core/binding/binding.ts';
import { dueBindings } from '../../core/binding/subject.ts';
import type { BindingView } from '../../model/binding-view.ts';
import type { ContractEngine } from '../../model/contract-view.ts';
import type { ContractId } from '../../model/id.ts';
import { isoIn } from '../zone.ts';
import type { Moment } from './snapshot.ts';

/** A binding as it stands, and why it is due where it is; instants in a time zone. */
export function bindingView(binding: Binding, due: string | undefined, zone: string): BindingView {
  const { subject, engine, version, places, objectCount, attempts, nextAtMs, last } = binding;
  return {
    subject,
    engine,
    version,
    places,
    objectCount,
    state: bindingState(binding),
    ...(last === undefined ? {} : { result: last.result }),
    differences: last?.differences ?? [],
    attempts,
    ...(nextAtMs === undefined || last === undefined ? {} : { nextAt: isoIn(nextAtMs, zone) }),
    ...(due === undefined ? {} : { due }),
  };
}

/** How what an engine was handed stands there, in one word. */
export function bindingState({ last, attempts, objectCount }: Binding): BindingView['state'] {
  if (last === undefined) return 'begun';
  if (last.result === 'kept') return objectCount === 0 ? 'taken-away' : 'kept';
  return attempts >= attemptLimit ? 'stuck' : 'open';
}

/** The engines that were handed a contract, each with how its part stands there. */
export function enginesOf({ state, nowMs }: Moment, contract: ContractId, zone: string): ContractEngine[] {
  const due = new Map(dueBindings(state, nowMs).map(({ binding, why }) => [binding, why]));
  return [...state.bindings.values()]
    .filter(({ subject }) => subject === contract)
    .map((binding) => {
      const {
        subject: _subject,
        objectCount: _count,
        differences,
        places,
        ...view
      } = bindingView(binding, due.get(binding), zone);
      const [difference] = differences;
      return { ...view, places: [...places], ...(difference === undefined ? {} : { difference }) };
    });
}
