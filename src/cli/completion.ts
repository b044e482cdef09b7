import type { Command } from 'commander';

import { BerthError } from '../model/error.ts';
import { completing, type IdKind, idKindOf } from './id-kind.ts';

/** What can follow each command, read off the program itself. */
type Words = {
  readonly path: string;
  /** Commands, values and options. */
  readonly words: readonly string[];
  /** The ids that it takes. */
  readonly ids: IdKind | undefined;
  /** Its options that take an id. */
  readonly options: readonly { readonly name: string; readonly ids: IdKind }[];
};

/** A script that completes command names, options, and ids as the ledger has them then. Throws INVALID_INPUT for shells it does not know. */
export function completionScript(shell: string, program: Command): string {
  const words = wordsOf(program, '');
  if (shell === 'bash') return bash(words);
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
  if (shell === 'fish') return fish(words);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `no completion for the shell \`${shell}\``,
    fix: 'use bash, zsh or fish',
    allowed: ['bash', 'zsh', 'fish'],
  });
}

function wordsOf(command: Command, path: string): Words[] {
  const options = command.options.flatMap((option) => option.long ?? []);
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const words = [
    ...command.commands.filter((child) => child.name() !== completing).map((child) => child.name()),
    ...values,
    ...options,
    '--help',
  ];
  const [ids] = command.registeredArguments.flatMap((argument) => idKindOf(argument.name()) ?? []);
  const taking = command.options.flatMap(({ long, flags }) => {
    const kind = idKindOf(/<(.+)>/.exec(flags)?.[1] ?? '');
    return typeof long === 'string' && kind !== undefined ? [{ name: long, ids: kind }] : [];
  });
  return [
    { path, words, ids, options: taking },
    ...command.commands
      .filter((child) => child.name() !== completing)
      .flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim())),
  ];
}

/** For bash 3.2, which macOS has, and for zsh, which runs it through bashcompinit: no mapfile, no compopt. */
function bash(all: readonly Words[]): string {
  const cases = all
    .map(({ path, words, ids = '' }) => `    '${path}') words='${words.join(' ')}' ids='${ids}' ;;`)
    .join('\n');
  const options = all
    .flatMap(({ path, options: each }) =>
      each.map(({ name, ids }) => `    '${path} ${name}') words='' ids='${ids}' ;;`),
    )
    .join('\n');
  return `_berth() {
  local word path='' words='' ids=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) break ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  while :; do
    case "$path" in
${cases}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *' '*) path="\${path% *}" ;; *) path='' ;; esac
  done
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${options}
  esac
  case "\${COMP_WORDS[COMP_CWORD]}" in -*) ids='' ;; esac
  [ -z "$ids" ] || words="$words $(berth complete "$ids" 2>/dev/null)"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _berth berth
`;
}

function fish(all: readonly Words[]): string {
  const [root, ...rest] = all;
  const names = root?.words.filter((word) => !word.startsWith('-')) ?? [];
  const lines = [
    `complete -c berth -n __fish_use_subcommand -a '${names.join(' ')}'`,
    ...rest.flatMap(({ path, words, ids }) => {
      const seen = `'__fish_seen_subcommand_from ${path.split(' ').at(-1) ?? ''}'`;
      return [
        ...words.map((word) =>
          word.startsWith('--')
            ? `complete -c berth -n ${seen} -l ${word.slice(2)}`
            : `complete -c berth -n ${seen} -a ${word}`,
        ),
        ...(ids === undefined ? [] : [`complete -c berth -n ${seen} -f -a '${asked(ids)}'`]),
      ];
    }),
    ...all.flatMap(({ options }) =>
      options.map(({ name, ids }) => `complete -c berth -l ${name.slice(2)} -x -a '${asked(ids)}'`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function asked(ids: IdKind): string {
  return `(berth complete ${ids} 2>/dev/null)`;
}
