import { ContractDetail, ContractList } from '../../model/contract-view.ts';
import { spansOf } from '../reading.ts';
import { listed, plural } from '../reply.ts';
import { type Answer, answered, type Talk, using } from './answer.ts';

/** How many contracts are looked at one by one. */
const most = 20;

/** `are all contracts kept`: which were found broken when they were last looked at, and which nobody has looked at. */
export async function whichAreKept(talk: Talk): Promise<Answer> {
  const [tenant] = spansOf(talk.reading, 'tenant');
  const args = tenant === undefined ? {} : { tenant: tenant.tenant };
  const list = await talk.calls.ask('contract_search', { ...args, limit: 200 }, ContractList);
  const live = list.contracts.filter(({ state }) => ['granted', 'bound', 'active'].includes(state));
  const broken: string[] = [];
  const kept: string[] = [];
  const unseen: string[] = [];
  for (const { id } of live.slice(0, most)) {
    const { observed } = await talk.calls.ask('contract_get', { contract: id }, ContractDetail);
    if (observed === undefined) unseen.push(id);
    else if (observed.breachedSince === undefined) kept.push(id);
    else broken.push(`${id} since ${observed.breachedSince} (${observed.why ?? 'no reason is recorded'})`);
  }
  const left = live.length - Math.min(live.length, most);
  const words = [
    broken.length === 0 ? 'None was found broken.' : `Broken: ${listed(broken)}.`,
    kept.length === 0 ? '' : `Kept when last looked at: ${listed(kept, most)}.`,
    unseen.length === 0 ? '' : `Never measured: ${listed(unseen, most)}; \`berth observe\` looks at them.`,
    left === 0 ? '' : `${plural(left, 'more contract')} not looked at.`,
  ];
  const contracts = live.slice(0, most);
  return answered(
    talk,
    words.filter((one) => one !== '').join(' '),
    [{ kind: 'contracts', list: { ...list, contracts, total: live.length } }],
    using(['tenant', 'gpus']),
    /\b(?:kept|keep|keeping|broken|breach\w*|violat\w*|honou?r\w*|fulfil\w*|meet\w*|met|sla|slas|slo|slos|promises?|terms?|contracts?)\b/gu,
  );
}
