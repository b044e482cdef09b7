import type { Binding } from '../../core/binding/binding.ts';
import type { Operation } from '../../core/operation/operation.ts';
import type { State } from '../../core/state.ts';
import { requestersOf } from '../../model/authority.ts';
import { type HandedOver, isOver, type OperationView } from '../../model/operation.ts';
import { cleanText } from '../../model/text.ts';
import { zoneAt } from '../maintaining.ts';
import { isoIn } from '../zone.ts';
import { bindingState } from './binding-view.ts';
import { zoneOf } from './plan-view.ts';

/** One operation as people and agents see it. */
export function operationView(state: State, operation: Operation): OperationView {
  const { id, state: now, dueMs, bindings, becomes } = operation;
  const zone = zoneIn(state, operation);
  const due = dueMs === undefined ? undefined : isoIn(dueMs, zone);
  return {
    id,
    state: now,
    over: isOver(now),
    summary: cleanText(`${whatOf(operation)}: ${standingOf(operation, due)}`, 300),
    ...aboutOf(operation),
    ...(due === undefined ? {} : { due }),
    ...commandOf(operation),
    engines: bindings.map((binding) => handedOver(binding, zone)),
    ...(becomes === undefined ? {} : { becomes }),
  };
}

function zoneIn(state: State, { about }: Operation): string {
  if (about.kind === 'maintenance') return zoneAt(state, about.window.place);
  const tenant = about.kind === 'approval' ? about.approval.tenant : about.contract.tenant;
  return tenant === undefined ? zoneAt(state, state.fleet.sites[0]?.id) : zoneOf(state, { tenant });
}

function aboutOf({ about }: Operation): Partial<OperationView> {
  switch (about.kind) {
    case 'approval': {
      const { id, tenant } = about.approval;
      return { approval: id, ...(tenant === undefined ? {} : { tenant }) };
    }
    case 'contract':
      return { contract: about.contract.id, tenant: about.contract.tenant };
    case 'maintenance':
      return { maintenance: about.window.id };
    default:
      return about satisfies never;
  }
}

function whatOf({ about }: Operation): string {
  switch (about.kind) {
    case 'approval': {
      const { command, requestedBy } = about.approval;
      return `${command.kind} asked for by ${requestersOf(requestedBy).join(' for ')}`;
    }
    case 'contract':
      return `${about.contract.id} version ${about.contract.version}`;
    case 'maintenance':
      return `${about.window.id} closes ${about.window.place}`;
    default:
      return about satisfies never;
  }
}

function standingOf(operation: Operation, due: string | undefined): string {
  const { state, bindings } = operation;
  switch (state) {
    case 'waiting':
      return `${yesWords(operation)}; expires ${due ?? 'never'}`;
    case 'scheduled':
      return `begins ${due ?? 'later'}`;
    case 'running':
      return `until ${due ?? 'it is opened'}`;
    case 'handing-over':
    case 'stuck':
      return bindings.map(engineWords).join('; ');
    case 'done':
      return doneWords(operation);
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return state;
    default:
      return state satisfies never;
  }
}

function yesWords({ about }: Operation): string {
  if (about.kind !== 'approval') return 'waits';
  const { voices, persons } = about.approval;
  return `waits for a person, ${voices.length} of ${persons} said yes`;
}

function doneWords({ about, becomes }: Operation): string {
  if (becomes !== undefined) return `done, goes on as ${becomes}`;
  return about.kind === 'contract' ? `done, nothing is under way` : 'done';
}

function engineWords(binding: Binding): string {
  const { engine, last, attempts } = binding;
  const what = { begun: 'is being told', kept: 'holds it', 'taken-away': 'let it go' };
  const now = bindingState(binding);
  if (now === 'open' || now === 'stuck')
    return `${engine} ${last?.result ?? 'is silent'} after ${attempts} attempts in vain`;
  return `${engine} ${what[now]}`;
}

/** What a person types where only a person can go on. */
function commandOf({ about, state, bindings }: Operation): Pick<OperationView, 'command'> {
  if (state === 'waiting' && about.kind === 'approval')
    return { command: `berth approve ${about.approval.id}` };
  const [open] = bindings.filter((binding) => bindingState(binding) === 'stuck');
  if (state === 'stuck' && open !== undefined)
    return { command: `berth bind ${open.subject} --engine ${open.engine} --apply` };
  return state === 'handing-over' ? { command: 'berth bind --due --apply' } : {};
}

function handedOver(binding: Binding, zone: string): HandedOver {
  const { engine, attempts, nextAtMs, last } = binding;
  return {
    engine,
    state: bindingState(binding),
    attempts,
    differences: (last?.differences ?? []).map((line) => cleanText(line, 300)),
    ...(nextAtMs === undefined || last === undefined ? {} : { nextAt: isoIn(nextAtMs, zone) }),
  };
}
