import type { Command } from 'commander';

import { BerthError } from '../model/error.ts';

/** The commands, values and options that can follow each command, read off the program itself. */
type Words = { readonly path: string; readonly words: readonly string[] };

/** A script that completes command names and options. Throws INVALID_INPUT for shells it does not know. */
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
  const words = [...command.commands.map((child) => child.name()), ...values, ...options, '--help'];
  return [
    { path, words },
    ...command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim())),
  ];
}

/** For bash 3.2, which macOS has, and for zsh, which runs it through bashcompinit: no mapfile, no compopt. */
function bash(all: readonly Words[]): string {
  const cases = all.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n');
  return `_berth() {
  local word path='' words=''
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
    ...rest.flatMap(({ path, words }) =>
      words.map((word) => {
        const seen = `'__fish_seen_subcommand_from ${path.split(' ').at(-1) ?? ''}'`;
        return word.startsWith('--')
          ? `complete -c berth -n ${seen} -l ${word.slice(2)}`
          : `complete -c berth -n ${seen} -a ${word}`;
      }),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
