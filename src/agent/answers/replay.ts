import { type ContractAgain, VerifyResult } from '../../model/verify-view.ts';
import { stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { type Answer, answered, type Talk } from './answer.ts';
import { meantContract } from './contract.ts';

/** Decides the record again up to a time, and says of a contract whether it would stand where it stands. */
export async function replay(talk: Talk): Promise<Answer> {
  const contract = meantContract(talk);
  const [time] = spansOf(talk.reading, 'time');
  const until = time === undefined ? undefined : stretchOf(time.moment, talk.zone)?.start.toISO();
  const wish = {
    ...(contract === undefined ? {} : { contract }),
    ...(typeof until === 'string' ? { until } : {}),
  };
  const verification = await talk.calls.ask('ledger_verify', wish, VerifyResult);
  const { entries, stateDigest, ok } = verification;
  const upTo = typeof until === 'string' ? ` up to ${until}` : '';
  const held = ok ? 'every decision came out the same' : 'not everything came out the same';
  const again = verification.contract === undefined ? '' : ` ${againWords(verification.contract)}`;
  const reply = `Replayed ${entries} entries${upTo}: ${held}, state ${stateDigest.slice(0, 19)}.${again} Nothing was changed.`;
  return answered(talk, reply, [{ kind: 'verification', verification }], () => true, /\S+/gu);
}

function againWords({ id, again, entry, plan, note }: ContractAgain): string {
  const at = entry === undefined ? '' : ` (entry ${entry}, plan ${plan?.slice(0, 19) ?? 'unknown'})`;
  switch (again) {
    case 'same':
      return `${id} would have been placed the same way${at}: ${note}.`;
    case 'different':
      return `${id} would NOT have been placed the same way${at}: ${note}.`;
    case 'not-made-again':
      return `Of ${id} it cannot be said${at}: ${note}.`;
    case 'not-yet':
      return `${id}: ${note}.`;
    default:
      return again satisfies never;
  }
}
