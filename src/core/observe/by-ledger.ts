import { type Contract, stateAt } from '../../model/contract.ts';
import type { Finding } from '../../model/finding.ts';
import { siteOf } from '../../model/id.ts';
import { seatsOf, type Term } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import { hourS } from '../../model/unit.ts';
import { gpuSecondsUsed } from '../authority/act.ts';
import { usedMicroEur } from '../life/used.ts';
import type { State } from '../state.ts';

type Known = Pick<Finding, 'result' | 'delivered'>;
type Asked = {
  readonly contract: Contract;
  readonly atMs: number;
  readonly verdict?: PolicyVerdict;
};

/** Terms that the ledger itself can tell of: hand-overs, rules and prices. Nothing for the others. */
export function byLedger(state: State, asked: Asked, { kind }: Term): Known | undefined {
  if (kind === 'start-and-length') return handedOver(state, asked);
  if (kind === 'residency') return ruled(asked);
  if (kind === 'price') return cost(asked);
  return undefined;
}

/** What engines were handed, by what was last read back of them. What was not reached is not known. */
function handedOver({ bindings }: State, { contract, atMs }: Asked): Known {
  const own = [...bindings.values()].filter(({ subject }) => subject === contract.id);
  const engines = own.map(({ engine }) => engine).join(', ');
  if (own.length === 0) return { result: 'not-measured', delivered: 'no engine was handed it' };
  const lacking = own.filter(({ last }) => last?.result === 'differs' || last?.result === 'refused');
  const [first] = lacking;
  if (first !== undefined) {
    const what = first.last?.differences[0] ?? first.last?.result ?? '';
    const result = contract.placement.startMs <= atMs ? 'broken' : 'not-measured';
    return { result, delivered: `${first.engine} does not hold it: ${what}`.slice(0, 200) };
  }
  const isOld = own.some(({ version }) => version !== contract.version);
  if (isOld) return { result: 'not-measured', delivered: `${engines} was handed an older version` };
  const state = stateAt(contract, atMs);
  return state === 'bound' || state === 'active'
    ? { result: 'kept', delivered: `${state}; held by ${engines}`.slice(0, 200) }
    : { result: 'not-measured', delivered: `${engines} does not hold all of it, or was not reached` };
}

/** The rules, asked again now. */
function ruled({ contract, verdict }: Asked): Known {
  const sites = [...new Set(seatsOf(contract.placement).map(({ node }) => siteOf(node)))].toSorted(
    compareText,
  );
  const found = sites.map((site) => verdict?.sites.find((one) => one.site === site));
  const closed = found.find((one) => one?.answer === 'forbidden');
  if (closed !== undefined) {
    const [hit] = closed.hits;
    return {
      result: 'broken',
      delivered: `forbidden at ${closed.site} now: ${hit?.rule ?? ''}`.slice(0, 200),
    };
  }
  if (found.some((one) => one?.answer !== 'allowed'))
    return { result: 'not-measured', delivered: 'a fact that the rules need is missing by now' };
  return { result: 'kept', delivered: `allowed at ${sites.join(', ')} by the facts of now`.slice(0, 200) };
}

/** What was agreed for each hour is what is charged: the sum so far, and for how much. */
function cost({ contract, atMs }: Asked): Known {
  const gpuHours = Math.floor(gpuSecondsUsed(contract, atMs) / hourS);
  const cents = Math.floor(usedMicroEur(contract, atMs) / 10_000);
  const euros = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
  return { result: 'kept', delivered: `${euros} EUR so far, for ${gpuHours} GPU-hours held` };
}
