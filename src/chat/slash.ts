import { compareText, didYouMean } from '../model/text.ts';
import type { Asked } from './look.ts';
import type { NameKind } from './names.ts';
import { isTheme, type Theme, themes } from './theme.ts';

/** What a slash command stands for: a turn in plain words, a look by tools, or something the front end does itself. */
export type Slash =
  | { readonly kind: 'ask'; readonly text: string }
  | { readonly kind: 'look'; readonly asked: Asked }
  | { readonly kind: 'theme'; readonly theme: Theme }
  | { readonly kind: 'help' | 'leave' | 'status' | 'whole' | 'call' }
  | { readonly kind: 'resume'; readonly id: string }
  | { readonly kind: 'export'; readonly file: string }
  | { readonly kind: 'plan' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly meant?: string };

type Command = {
  readonly usage: string;
  readonly about: string;
  /** What may follow it. */
  readonly names?: readonly NameKind[];
  readonly read: (rest: string) => Slash;
};

/** What `/why` asks, and what choosing to see reasons asks. */
export const whyThisPlan = 'why this plan';

const places: readonly NameKind[] = ['site', 'place', 'node'];

const commands: Readonly<Record<string, Command>> = {
  all: {
    usage: '/all',
    about: 'the last answer whole, with what was folded',
    read: () => ({ kind: 'whole' }),
  },
  approvals: {
    usage: '/approvals [all]',
    about: 'what waits for a person, and what that person types',
    read: (rest) => ({ kind: 'look', asked: { kind: 'approvals', all: rest === 'all' } }),
  },
  audit: {
    usage: '/audit [WHO or CONTRACT]',
    about: 'the last entries of the ledger: who, what, why',
    names: ['contract'],
    read: (who) => ({ kind: 'look', asked: { kind: 'audit', who } }),
  },
  call: {
    usage: '/call',
    about: 'the last tool call whole; Ctrl+O does the same',
    read: () => ({ kind: 'call' }),
  },
  commit: { usage: '/commit', about: 'say yes to the plan that is open', read: () => ({ kind: 'commit' }) },
  contracts: {
    usage: '/contracts',
    about: 'list the contracts',
    read: () => ({ kind: 'ask', text: 'list contracts' }),
  },
  events: {
    usage: '/events [PLACE]',
    about: 'what happened to machines, engines and contracts',
    names: places,
    read: (place) => ({ kind: 'look', asked: { kind: 'events', place } }),
  },
  export: {
    usage: '/export [FILE]',
    about: 'this chat as Markdown, in a file',
    read: (file) => ({ kind: 'export', file }),
  },
  help: { usage: '/help', about: 'this list', read: () => ({ kind: 'help' }) },
  inventory: {
    usage: '/inventory [PLACE]',
    about: 'what is there and what is free',
    names: places,
    read: (place) => ({ kind: 'ask', text: place === '' ? 'show inventory' : `show inventory ${place}` }),
  },
  picture: {
    usage: '/picture [PLACE]',
    about: 'a rack, a node or a site, drawn',
    names: places,
    read: (place) => ({ kind: 'look', asked: { kind: 'picture', place } }),
  },
  plan: { usage: '/plan', about: 'the plan that is open, whole', read: () => ({ kind: 'plan' }) },
  policy: {
    usage: '/policy TENANT [SITE]',
    about: 'where the data of a tenant may be, and by which rule not',
    names: ['tenant', 'site'],
    read: readPolicy,
  },
  quit: { usage: '/quit', about: 'leave', read: () => ({ kind: 'leave' }) },
  resume: {
    usage: '/resume [S-7]',
    about: 'go on with an earlier chat: the list, or one of it',
    read: (id) => ({ kind: 'resume', id }),
  },
  status: {
    usage: '/status',
    about: 'all that the status line has no room for',
    read: () => ({ kind: 'status' }),
  },
  templates: {
    usage: '/templates',
    about: 'demands that are known to be good',
    read: () => ({ kind: 'ask', text: 'what templates are there?' }),
  },
  theme: { usage: `/theme ${themes.join('|')}`, about: 'the colours of this chat', read: readTheme },
  verify: {
    usage: '/verify',
    about: 'decide everything again and compare it with the ledger',
    read: () => ({ kind: 'look', asked: { kind: 'verify' } }),
  },
  whatif: {
    usage: '/whatif CHANGE',
    about: 'what would happen, such as `/whatif fra1/h1/r12 fails`',
    names: places,
    read: (change) =>
      change === ''
        ? { kind: 'say', text: 'Say what would be otherwise: `/whatif fra1/h1/r12 fails`.' }
        : { kind: 'ask', text: `what if ${change}` },
  },
  why: {
    usage: '/why',
    about: 'why this plan and not another',
    read: () => ({ kind: 'ask', text: whyThisPlan }),
  },
};

const names = Object.keys(commands).toSorted(compareText);

/** Every command with a word about it, by name. */
export function commandNames(): readonly { readonly name: string; readonly about: string }[] {
  return names.map((name) => ({ name, about: commands[name]?.about ?? '' }));
}

/** The kinds of names that may follow a command; undefined when nobody knows the command. */
export function completesWith(name: string): readonly NameKind[] | undefined {
  return Object.hasOwn(commands, name) ? (commands[name]?.names ?? []) : undefined;
}

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

export const helpLines: readonly string[] = [
  'Say what the workload needs: `16 H100 with NVLink for 3 days in fra1 for acme`.',
  'Ask: `what is free`, `what breaks if fra1/r11 fails`, `release C-106`.',
  ...names.map((name) => `${commands[name]?.usage ?? ''}: ${commands[name]?.about ?? ''}`),
];

/** What the keyboard does where there is a screen. */
export const keyLines: readonly string[] = [
  'Tab completes commands and names. Up and down go through earlier requests, Ctrl+R searches them.',
  'Ctrl+J or Alt+Enter begins a new line. Ctrl+G opens $EDITOR. Ctrl+Z undoes. Ctrl+O shows the last tool call whole.',
  'Esc stops what is running. Ctrl+C twice leaves.',
];

function readPolicy(rest: string): Slash {
  const [tenant, site] = rest.split(/\s+/);
  if (tenant === undefined || tenant === '')
    return {
      kind: 'say',
      text: 'Say whose data: `/policy acme`, and where if you want: `/policy acme fra1`.',
    };
  return { kind: 'look', asked: { kind: 'policy', tenant, ...(site !== undefined && { site }) } };
}

function readTheme(rest: string): Slash {
  if (isTheme(rest)) return { kind: 'theme', theme: rest };
  return {
    kind: 'say',
    text: `Themes: ${themes.join(', ')}. \`/theme contrast\` changes this chat, BERTH_THEME every one.`,
  };
}
