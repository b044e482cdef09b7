import type { ContractList, ContractView } from '../../model/contract-view.ts';
import { countOf, eurOrUnknown } from './amount.ts';
import { columnsOf, type Line, type Room, span, type Tone, wrap } from './line.ts';
import { countWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

/** Contracts, one row each. */
export function contractsCard(list: ContractList, room: Room): Line[] {
  const { contracts, total } = list;
  const all = countOf(total, 'contract');
  const title = contracts.length === total ? all : `${contracts.length} of ${all}`;
  return [
    ...wrap([span(title, 'strong')], columnsOf(room)),
    ...contractTable(contracts, room),
    ...answerEnd(list, room),
  ];
}

/** Good while it holds capacity, dim when it ended as it should, a warning otherwise. */
export function stateTone(state: ContractView['state']): Tone {
  switch (state) {
    case 'granted':
    case 'bound':
    case 'active':
      return 'good';
    case 'released':
    case 'expired':
      return 'dim';
    case 'requested':
    case 'preempted':
    case 'refused':
      return 'warn';
    default:
      return state satisfies never;
  }
}

function contractTable(contracts: readonly ContractView[], room: Room): Line[] {
  const columns = [
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 1, narrowTo: 10 },
    { title: 'state', priority: 1 },
    { title: 'GPUs', priority: 1, align: 'right' as const },
    { title: 'model', priority: 3, narrowTo: 10 },
    { title: 'site', priority: 2, narrowTo: 8 },
    { title: 'guarantee', priority: 5 },
    { title: 'from', priority: 6, narrowTo: 11 },
    { title: 'until', priority: 2, narrowTo: 11 },
    { title: 'an hour', priority: 4, align: 'right' as const },
  ];
  return table(columns, contracts.map(contractRow), room);
}

function contractRow(contract: ContractView): Row {
  return [
    span(contract.id, 'accent'),
    span(contract.tenant),
    span(contract.state, stateTone(contract.state)),
    span(countWords(contract)),
    span(contract.gpuModel ?? ''),
    span(contract.sites.join(', ')),
    span(contract.guarantee),
    span(formatInstant(contract.start)),
    span(contract.end === undefined ? 'open-ended' : formatInstant(contract.end)),
    span(eurOrUnknown(contract.price.microEurPerHour)),
  ];
}
