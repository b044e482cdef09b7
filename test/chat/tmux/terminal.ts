import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why there is no terminal to test in, where there is none. */
export function tmuxMissing(): string | undefined {
  const asked = spawnSync('tmux', ['-V'], { encoding: 'utf8' });
  return asked.status === 0 ? undefined : 'tmux is not installed: apt-get install tmux';
}

export type Size = { readonly columns: number; readonly rows: number };

/** A program in a terminal of its own: a tmux server that nobody else knows, with a history that loses nothing. */
export class Terminal {
  readonly folder: string;
  readonly #socket: string;

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'berth-tmux-'));
    this.#socket = join(this.folder, 'socket');
  }

  static open(
    program: readonly string[],
    { columns, rows }: Size,
    env: Readonly<Record<string, string>> = {},
  ): Terminal {
    const terminal = new Terminal();
    const set = Object.entries({ TERM: 'tmux-256color', HOME: terminal.folder, ...env });
    const line = ['env', '-i', `PATH=${process.env['PATH'] ?? ''}`, 'LANG=C.UTF-8'];
    const command = [...line, ...set.map(([name, value]) => `${name}=${value}`), ...program];
    const shell = `${command.map(quoted).join(' ')}; echo "left with $?"; exec sleep 1000`;
    const size = ['-x', String(columns), '-y', String(rows)];
    const history = ['start-server', ';', 'set-option', '-g', 'history-limit', '50000', ';'];
    terminal.#tmux(...history, 'new-session', '-d', '-s', 'berth', ...size, shell);
    return terminal;
  }

  /** Names of keys as tmux knows them, such as `Enter` and `C-r`, or text. All in one read of the program. */
  keys(...keys: readonly string[]): void {
    this.#tmux('send-keys', '-t', 'berth', ...keys);
  }

  /** As a person pastes it: bracketed, where the program asked for that. */
  paste(text: string): void {
    this.#tmux('set-buffer', '--', text);
    this.#tmux('paste-buffer', '-p', '-t', 'berth');
  }

  resize({ columns, rows }: Size): void {
    this.#tmux('resize-window', '-t', 'berth', '-x', String(columns), '-y', String(rows));
  }

  /** What is on the screen now. */
  screen(): string {
    return this.#tmux('capture-pane', '-t', 'berth', '-p').trimEnd();
  }

  /** All rows since the start, those that have scrolled away too. */
  all(): string {
    return this.#tmux('capture-pane', '-t', 'berth', '-p', '-S', '-').trimEnd();
  }

  /** Every byte that the program writes from now on, into a file. */
  record(file: string): void {
    this.#tmux('pipe-pane', '-t', 'berth', `cat > ${quoted(file)}`);
  }

  /** Waits until the screen, or with `all` any row, shows a text; fails with what is there instead. */
  async shows(text: string | RegExp, { all = false, withinMs = 20_000 } = {}): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const shown = all ? this.all() : this.screen();
      if (typeof text === 'string' ? shown.includes(text) : text.test(shown)) return;
      if (performance.now() > untilMs)
        throw new Error(`never showed ${String(text)}:\n${shown.slice(-4000)}`);
      await sleep(50);
    }
  }

  /** Waits until the screen has not changed for a while. */
  async settled(): Promise<void> {
    for (let before = ''; before !== this.screen(); await sleep(300)) before = this.screen();
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #tmux(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
