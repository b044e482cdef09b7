import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createControl } from '../../src/control/create.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { BerthError } from '../../src/model/error.ts';
import { cleanText } from '../../src/model/text.ts';
import type { Reply } from './contestant.ts';
import { doDeeds } from './deed.ts';
import { replyIn } from './reply.ts';
import { notPossible, type Scene } from './scene.ts';
import { copyLedger } from './tape.ts';
import type { Deed } from './task.ts';

/** How long an agent may take for one answer. */
const answerMostMs = 300_000;

/**
 * An agent that is a program of somebody else. It gets a world on disk, drives our MCP server as any client would, and
 * is scored by what is in the ledger when it has gone. Each line on its stdin is `{"say": …}`; it answers each with one
 * line `{"text": …, "asked": […]}` on stdout. `BERTH_MCP_COMMAND` (a JSON array) starts the server for this world.
 */
export class ProgramAgent {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #home: string;
  readonly #closed: Promise<unknown>;
  #errors = '';

  private constructor(child: ChildProcessWithoutNullStreams, home: string) {
    this.#child = child;
    this.#home = home;
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-4000);
    });
    child.stdin.on('error', () => {});
    this.#closed = once(child, 'close');
  }

  static async start(command: string, scene: Scene, seed: number): Promise<ProgramAgent> {
    const home = await worldOnDisk(scene);
    const child = spawn('/bin/sh', ['-c', command], {
      env: {
        ...process.env,
        BERTH_HOME: home,
        BERTH_MCP_COMMAND: JSON.stringify(serverCommand(scene)),
        BERTH_EVAL_SEED: String(seed),
      },
    });
    return new ProgramAgent(child, home);
  }

  async turn(say: string): Promise<Reply> {
    this.#child.stdin.write(`${JSON.stringify({ say })}\n`);
    const line = await this.#nextLine();
    const reply = replyIn(jsonOf(line));
    if (reply === undefined) throw this.#failed(`answered \`${cleanText(line, 80)}\``);
    return reply;
  }

  /** Others act on the world of the agent: its ledger is the one on the disk. */
  async meanwhile({ clock, observation, others }: Scene, deeds: readonly Deed[]): Promise<void> {
    if (deeds.length === 0) return;
    const ledger = await openSqliteLedger(join(this.#home, 'ledger.db'));
    try {
      const { seq: from } = await ledger.head();
      await doDeeds({ control: createControl({ ledger, clock }), observation }, deeds).catch(notPossible);
      const { seq: to } = await ledger.head();
      for (let seq = from + 1; seq <= to; seq++) others.add(seq);
    } finally {
      await ledger.close();
    }
  }

  /** Ends the agent, reads its world back into the scene, and removes it from the disk. */
  async end(scene: Scene): Promise<void> {
    this.#child.stdin.end();
    this.#reader.close();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#closed;
    clearTimeout(killer);
    const ledger = await openSqliteLedger(join(this.#home, 'ledger.db'));
    await copyLedger(ledger, scene.ledger, (await scene.ledger.head()).seq);
    await ledger.close();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #nextLine(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#failed('gave no answer in time')), answerMostMs);
    });
    try {
      const next = await Promise.race([this.#lines.next(), late]);
      if (next.done === true) {
        await Promise.race([this.#closed, late]);
        throw this.#failed('ended without an answer');
      }
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(what: string): BerthError {
    const said = cleanText(this.#errors.trim(), 300);
    return new BerthError({
      code: 'INVALID_INPUT',
      message: `the agent ${what}${said === '' ? '' : `; it wrote: ${said}`}`,
      fix: 'answer every line `{"say": …}` with one line `{"text": …}`; see evals/README.md',
    });
  }
}

/** A home with the ledger of the scene, and its clock, for a server in a process of its own. */
async function worldOnDisk({ ledger, clock }: Scene): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'berth-eval-'));
  const copy = await openSqliteLedger(join(home, 'ledger.db'));
  await copyLedger(ledger, copy);
  await copy.close();
  const settings = { schema: 'berth/settings/1', clock: new Date(clock.nowMs()).toISOString() };
  writeFileSync(join(home, 'settings.yaml'), JSON.stringify(settings));
  return home;
}

function serverCommand({ caller }: Scene): readonly string[] {
  const cli = fileURLToPath(new URL(`../../src/cli${extname(import.meta.url)}`, import.meta.url));
  const tenants = (caller.tenants ?? []).flatMap((tenant) => ['--tenant', tenant]);
  return [process.execPath, cli, 'mcp', '--as', caller.principal, ...tenants];
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
