import { didYouMean } from '../model/text.ts';

/** What a slash command stands for: a turn in plain words, or something the front end does itself. */
export type Slash =
  | { readonly kind: 'ask'; readonly text: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'unknown'; readonly name: string; readonly meant?: string };

type Command = { readonly usage: string; readonly about: string; readonly read: (rest: string) => Slash };

/** What `/why` asks, and what choosing to see reasons asks. */
export const whyThisPlan = 'why this plan';

const commands: Readonly<Record<string, Command>> = {
  contracts: {
    usage: '/contracts',
    about: 'list the contracts',
    read: () => ({ kind: 'ask', text: 'list contracts' }),
  },
  help: { usage: '/help', about: 'this list', read: () => ({ kind: 'help' }) },
  inventory: {
    usage: '/inventory [PLACE]',
    about: 'what is there and what is free',
    read: (place) => ({ kind: 'ask', text: place === '' ? 'show inventory' : `show inventory ${place}` }),
  },
  quit: { usage: '/quit', about: 'leave', read: () => ({ kind: 'leave' }) },
  why: {
    usage: '/why',
    about: 'why this plan and not another',
    read: () => ({ kind: 'ask', text: whyThisPlan }),
  },
};

const names = Object.keys(commands);

/** Undefined when the text is no slash command. `/` alone is `/help`. */
export function readSlash(text: string): Slash | undefined {
  const [, name, rest] = /^\/([^\s]*)\s*(.*)$/s.exec(text.trim()) ?? [];
  if (name === undefined) return undefined;
  if (name === '') return { kind: 'help' };
  const command = Object.hasOwn(commands, name.toLowerCase()) ? commands[name.toLowerCase()] : undefined;
  if (command !== undefined) return command.read((rest ?? '').trim());
  const meant = didYouMean(name, names);
  return { kind: 'unknown', name, ...(meant !== undefined && { meant }) };
}

/** The commands that begin like `text`; none once a space or a line break has been typed. */
export function slashCandidates(text: string): string[] {
  if (!/^\/\S*$/.test(text)) return [];
  return names.map((name) => `/${name}`).filter((command) => command.startsWith(text.toLowerCase()));
}

/** `text` completed as far as the candidates agree. */
export function completeSlash(text: string): string {
  const candidates = slashCandidates(text);
  const [first = text, ...others] = candidates;
  if (candidates.length === 1) return `${first} `;
  let length = first.length;
  while (others.some((other) => !other.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}

export const helpLines: readonly string[] = [
  'Say what the workload needs: `16 H100 with NVLink for 3 days in fra1 for acme`.',
  'Ask: `what is free`, `what breaks if fra1/r11 fails`, `release C-106`.',
  ...names.map((name) => `${commands[name]?.usage ?? ''}: ${commands[name]?.about ?? ''}`),
];
