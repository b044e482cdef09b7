import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { main } from '../../src/cli/main.ts';

/**
 * Plays a Markdown document: every `$ berth …` line of its `console` blocks is run, `> …` lines below it are
 * typed into it, and the document comes back with what was really printed; what is sent to a file with `> NAME` is
 * kept for later commands, and `sed s/OLD/NEW/ NAME` changes such a file. A `yaml NAME`, `csv NAME` or `prom NAME` block is a file that
 * commands may name; in a `console terminal` block somebody sits at a terminal. All of a document shares one home, at Wed 25 Nov 2026
 * 10:00 in Berlin, as the person ada.
 */
export async function playSession(markdown: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-session-'));
  try {
    return await new Player(folder).play(markdown);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Player {
  readonly #folder: string;
  readonly #files = new Map<string, string>();
  /** What `$PLAN` stands for: the plan that was printed last. */
  #plan = '';
  /** Salts count up, so that a document comes out the same each time. */
  #salts = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async play(markdown: string): Promise<string> {
    const played: string[] = [];
    const lines = markdown.split('\n');
    for (let at = 0; at < lines.length;) {
      const line = lines[at] ?? '';
      const end = line.startsWith('```') ? lines.indexOf('```', at + 1) : -1;
      if (end < 0) {
        played.push(line);
        at++;
        continue;
      }
      const body = lines.slice(at + 1, end);
      played.push(
        line,
        ...(line.startsWith('```console')
          ? await this.#console(body, line.endsWith(' terminal'))
          : this.#keep(line, body)),
        '```',
      );
      at = end + 1;
    }
    return played.join('\n');
  }

  #keepFile(name: string, text: string): void {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    this.#files.set(name, path);
  }

  /** `sed s/OLD/NEW/ NAME > OTHER`. */
  #change([script = '', name = '']: readonly string[], target = ''): readonly string[] {
    const [, before = '', after = ''] = script.split('/');
    this.#keepFile(target, readFileSync(this.#files.get(name) ?? name, 'utf8').replace(before, after));
    return [];
  }

  #keep(fence: string, body: readonly string[]): readonly string[] {
    const name = /^```(?:yaml|csv|prom) ([a-z0-9-]+\.(?:yaml|csv|prom))$/.exec(fence)?.[1];
    if (name !== undefined) {
      const path = join(this.#folder, name);
      writeFileSync(path, `${body.join('\n')}\n`);
      this.#files.set(name, path);
    }
    return body;
  }

  async #console(body: readonly string[], isTerminal: boolean): Promise<readonly string[]> {
    const shown: string[] = [];
    for (const [index, line] of body.entries()) {
      if (!line.startsWith('$ ')) continue;
      const rest = body.slice(index + 1);
      const next = rest.findIndex((other) => other.startsWith('$ '));
      const typed = rest.slice(0, next < 0 ? rest.length : next).filter((other) => other.startsWith('> '));
      shown.push(line, ...(await this.#run(line, typed, isTerminal)));
    }
    return shown;
  }

  async #run(line: string, typed: readonly string[], isTerminal: boolean): Promise<readonly string[]> {
    const words = wordsOf(line.slice('$ '.length));
    const settings = words.flatMap((word) => /^([A-Z_]+)=(.*)$/.exec(word)?.slice(1, 3) ?? []);
    const [program, ...all] = words.slice(settings.length / 2);
    const target = all.at(-2) === '>' ? all.at(-1) : undefined;
    const args = target === undefined ? all : all.slice(0, -2);
    if (program === 'sed') return this.#change(args, target);
    if (program !== 'berth') return [];
    let printed = '';
    let sent = '';
    const sink = { write: (text: string) => (printed += text) };
    const code = await main(
      args.map((word) => (word === '$PLAN' ? this.#plan : (this.#files.get(word) ?? word))),
      {
        stdin: Object.assign(
          typing(typed, (text) => (printed += `${/(?:^|\n)$/.test(printed) ? '' : '\n'}${text}\n`)),
          isTerminal ? { isTTY: true } : {},
        ),
        stdout: target === undefined ? sink : { write: (text: string) => (sent += text) },
        stderr: sink,
        env: {
          BERTH_HOME: join(this.#folder, 'home'),
          XDG_CONFIG_HOME: join(this.#folder, 'config'),
          USER: 'ada',
          COLUMNS: '96',
          TZ: 'UTC',
          BERTH_NOW: '2026-11-25T10:00:00+01:00',
          ...pairs(settings),
        },
        interrupt: new AbortController().signal,
        salt: () => Buffer.alloc(16, ++this.#salts),
      },
    );
    if (target !== undefined) this.#keepFile(target, sent);
    const text = printed
      .replaceAll(join(this.#folder, 'home'), '~/.local/state/berth')
      .replaceAll(join(this.#folder, 'config'), '~/.config')
      .replaceAll(`${this.#folder}/`, '')
      // What runs the session is another program on the next machine.
      .replaceAll(/\b(Node|SQLite) \d+\.\d+\.\d+/g, '$1 x.y.z')
      // The name of a log follows from its key, which is another one in each run.
      .replaceAll(/berth\.ledger\/[0-9a-f]{16}/g, 'berth.ledger/0123456789abcdef')
      .trimEnd();
    this.#plan = /plan-[0-9a-f]{16}/.exec(text)?.[0] ?? this.#plan;
    return [
      ...(text === '' ? [] : text.split('\n').map((row) => row.trimEnd())),
      ...(code === 0 ? [] : [`[exit ${code}]`]),
    ];
  }
}

/** Stdin that gives one line when it is asked for one, so that a transcript shows what was typed when. */
function typing(lines: readonly string[], echo: (line: string) => void): Readable {
  const waiting = [...lines];
  return new Readable({
    highWaterMark: 0,
    read() {
      const line = waiting.shift();
      if (line !== undefined) echo(line);
      this.push(line === undefined ? null : `${line.slice('> '.length)}\n`);
    },
  });
}

function pairs(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) record[flat[at] ?? ''] = flat[at + 1] ?? '';
  return record;
}

/** Words of a shell line: split at spaces, single and double quotes kept together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
