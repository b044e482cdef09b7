import { cleanText } from '../../model/text.ts';
import type { Intent } from '../cues.ts';
import { type Extent, rawOf } from '../normalise.ts';
import { spansOf } from '../reading.ts';
import { listed } from '../reply.ts';
import { type Answer, answered, type Talk } from './answer.ts';

/** What is understood and not done in words: said plainly, with the command that does it. Nothing is called. */
const notHere: Readonly<Partial<Record<Intent, (talk: Talk) => string>>> = {
  fraction: () =>
    'Which part of a GPU is meant was not said. Ask for a MIG profile such as `two 1g.10gb slices`, or for a share such as `half an H100`; how an engine shares it cannot be chosen.',
  swap: (talk) =>
    `The GPUs of a contract are exchanged with \`berth change ${contractIn(talk)} -f demand.yaml\`, which plans all of it anew; the plan is then committed.`,
  hold: ({ memory }) =>
    `A plan is held with \`berth hold ${memory.plan?.id ?? 'PLAN'} --for 2h\`; until then its capacity can be taken by others.`,
  close: (talk) =>
    `A place is closed with \`berth maintenance ${placeIn(talk)} --from INSTANT --to INSTANT --reason TEXT\`, once nothing is held there; \`berth drain ${placeIn(talk)}\` plans how it gets empty, and \`berth maintenance\` lists the windows.`,
  mandate: () =>
    'A mandate says what an agent may do, and is granted, changed or taken back by a person at a terminal: `berth mandates grant`, `berth mandates revoke`. No chat and no agent widens one.',
  consolidate: (talk) =>
    `Moves that empty whole nodes are found with \`berth consolidate --within ${placeIn(talk)}\`; \`--free 2\` asks for that many nodes. Nothing is moved by it.`,
};

/** The contract that was named, or a word that stands for one: none is guessed. */
function contractIn({ reading }: Talk): string {
  return spansOf(reading, 'contract')[0]?.contract ?? 'CONTRACT';
}

function placeIn({ reading }: Talk): string {
  const places = spansOf(reading, 'place').flatMap((span) => span.places.map(({ path }) => path));
  return places.length === 1 ? (places[0] ?? 'PLACE') : 'PLACE';
}

export function isNotHere(intent: Intent): boolean {
  return notHere[intent] !== undefined;
}

export function namesCommand(talk: Talk, intent: Intent): Answer {
  return answered(talk, `${notHere[intent]?.(talk) ?? ''} Nothing was changed.`, [], () => true);
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
    'Slices: half an H100 for 3 hours from now for team NAME · two 1g.10gb slices for NAME tomorrow for a day',
    'Change it: make it two weeks · in Amsterdam instead · same but 24. Then: yes, or no',
    'Look: which nodes have 4 free H100s · how many H200 are free next week · what do we have',
    'Ask: why can I not get 64 GPUs in Frankfurt · what if we lose feed A of r12 · drain NODE',
    'Contracts: show contracts of NAME · which can be preempted · release C-101 · verify the ledger',
    'Rules: may acme train at iad3 · where may the data of initech-bank be · which rules forbid it',
    'Change it: extend C-101 by 2 days · scale C-104 to 3 replicas · move C-102 off r12',
    'At the shell: berth hold, maintenance, drain, consolidate, whatif -f; each has --help',
  ];
  return answered(talk, abilities, [{ kind: 'text', lines }], () => true);
}

/** A question about a place that nobody knows: nothing was looked up, least of all everywhere. */
export function noSuchPlace(talk: Talk, words: readonly string[]): Answer {
  const { sites } = talk.gazetteer.summary;
  const named = listed(words.map((word) => `\`${word}\``));
  const reply = `I know no place called ${named}, so nothing was looked up. Sites: ${listed(sites.map(({ id }) => id))}.`;
  return answered(talk, reply, [], () => true, /\S+/gu);
}

/** A question about a team that is not there, or not to be seen from here: both sound the same. */
export function noSuchTeam(talk: Talk, word: string): Answer {
  const teams = listed(talk.gazetteer.summary.tenants.map(({ id }) => `\`${id}\``));
  const reply = `There is no team called \`${word}\` that you may ask about, so nothing was looked up. Teams: ${teams}.`;
  return answered(talk, reply, [], () => true, /\S+/gu);
}

/** What stands in quotation marks is somebody's text: it is repeated, never followed. */
export function sayQuoted(talk: Talk, quotes: readonly Extent[]): Answer {
  const words = listed(quotes.map((quote) => `\`${cleanText(rawOf(talk.reading.line, quote), 120)}\``));
  const reply = `${words} is text that somebody wrote, no order to me, and nothing was done. Name the rack, node or contract to see what is recorded of it.`;
  return answered(talk, reply, [], () => true, /\S+/gu);
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
