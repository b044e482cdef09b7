import type { Intent } from '../cues.ts';
import { spansOf } from '../reading.ts';
import { listed } from '../reply.ts';
import { type Answer, answered, type Talk, using } from './answer.ts';

/** What is understood and not there yet: said plainly, with what can be done instead. Nothing is called. */
const notYet: Readonly<Partial<Record<Intent, string>>> = {
  fraction:
    'Which part of a GPU is meant was not said. Ask for a MIG profile such as `two 1g.10gb slices`, or for a share such as `half an H100`; how an engine shares it cannot be chosen.',
  swap: 'Swapping the GPUs of a contract is not available yet. Plan the new GPUs as a request of their own, commit it, then release the old contract.',
  resize:
    'Changing a contract is not available yet. Plan the new size as a request of its own, commit it, then release the old contract.',
  audit:
    'Reading back who did and approved what is not available here yet. `verify the ledger` checks that nothing in it was altered, and a contract shows its own entries.',
  replay:
    'Replaying to an earlier moment is not available here yet. `verify the ledger` replays all of it and checks every plan.',
  approvals: 'Approvals and mandates are not available here yet.',
};

export function isNotYet(intent: Intent): boolean {
  return notYet[intent] !== undefined;
}

export function sayNotYet(talk: Talk, intent: Intent): Answer {
  return answered(talk, `${notYet[intent] ?? ''} Nothing was changed.`, [], () => true);
}

/** Rules are not negotiable in a conversation: no plan is made, and the answer says who can change them. */
export function refuseOverride(talk: Talk): Answer {
  const { summary } = talk.gazetteer;
  const [named] = spansOf(talk.reading, 'tenant');
  const tenant = summary.tenants.find(({ id }) => id === named?.tenant);
  const rules =
    tenant === undefined || tenant.regimes.length === 0
      ? ''
      : ` ${tenant.id} is registered under ${listed(tenant.regimes)}.`;
  const reply = `No: rules cannot be set aside here, not by a person and not by a model, and nothing was planned.${rules} Whoever answers for the team's registered rules can change them, which is recorded; ask again without that to see which sites are allowed.`;
  return {
    ...answered(
      talk,
      reply,
      [],
      using(
        ['tenant', 'region', 'place', 'model', 'gpus', 'amount', 'length', 'time'],
        ['regime', 'purpose'],
      ),
    ),
    outcome: 'denied',
  };
}

export function refuseErase(talk: Talk): Answer {
  const reply = 'No: the ledger only grows. Nothing in it can be edited or removed, and nothing was changed.';
  return { ...answered(talk, reply, [], () => true), outcome: 'denied' };
}

export function greet(talk: Talk): Answer {
  return answered(talk, `Hello. ${abilities}`, [], () => false);
}

export function help(talk: Talk): Answer {
  const lines = [
    'Plan: 16 H100 with NVLink for 3 days from next Monday in the EU for team NAME, cheapest',
    'Change it: make it two weeks · in Amsterdam instead · same but 24. Then: yes, or no',
    'Look: which nodes have 4 free H100s · how many H200 are free next week · what do we have',
    'Ask: why can I not get 64 GPUs in Frankfurt · what if we lose rack 12 · drain NODE',
    'Contracts: show contracts of NAME · show C-101 · release C-101 · verify the ledger',
  ];
  return answered(talk, abilities, [{ kind: 'text', lines }], () => true);
}

export function notUnderstood(talk: Talk): Answer {
  const answer = answered(talk, `I did not understand that. ${abilities}`, [], () => false);
  return {
    ...answer,
    outcome: 'needs_input',
    question: {
      text: 'What would you like to do?',
      missing: [{ slot: 'intent', suggestions: ['plan', 'list nodes', 'show contracts', 'help'] }],
    },
  };
}

const abilities =
  'I can show the fleet, count free GPUs, plan and commit placements, explain refusals, try out losses, and show or release contracts.';
