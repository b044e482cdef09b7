import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, test } from 'vitest';

import { type Size, Terminal, tmuxMissing } from './terminal.ts';

const missing = tmuxMissing();
const program = [process.execPath, fileURLToPath(new URL('program.ts', import.meta.url))];
const usual: Size = { columns: 80, rows: 24 };

// Said where the test report shows it: skipped tests look like passed ones.
describe.skipIf(missing !== undefined)(
  `the chat on a real terminal${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 120_000 },
  () => {
    const opened: Terminal[] = [];
    afterEach(() => {
      for (const terminal of opened.splice(0)) terminal.close();
    });

    async function open(size = usual, env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
      const terminal = Terminal.open(program, size, env);
      opened.push(terminal);
      await terminal.shows('ada | acme | built-in');
      return terminal;
    }

    test('5,000 rows of answers stand in the scrollback once each, in order', async () => {
      const terminal = await open();
      for (let batch = 0; batch < 20; batch++) {
        terminal.keys(`rows ${batch} 250`, 'Enter');
        await terminal.shows(`row ${batch}.249 of`);
        terminal.keys('typed meanwhile', 'C-u');
      }
      const expected = Array.from({ length: 5000 }, (_, i) => `row ${Math.floor(i / 250)}.${i % 250} `);
      expect(rowsIn(terminal.all())).toEqual(expected);
      expect(count(terminal.all(), 'ada | acme | built-in')).toBe(1);
    });

    test.each([
      { columns: 60, rows: 24, settles: true },
      { columns: 120, rows: 40, settles: true },
      { columns: 120, rows: 40, settles: false },
      { columns: 80, rows: 10, settles: true },
      { columns: 80, rows: 10, settles: false },
      { columns: 44, rows: 12, settles: true },
      { columns: 44, rows: 12, settles: false },
    ])(
      'resized to $columns x $rows and back, waiting: $settles; nothing is doubled or torn',
      async ({ settles, ...size }) => {
        const terminal = await open();
        terminal.keys('plan', 'Enter');
        await terminal.shows('1 commit');
        terminal.keys('rows 1 50', 'Enter');
        await terminal.shows('row 1.49 of');
        terminal.keys('/c');
        await terminal.shows('/contracts');
        for (const each of [size, usual, size, usual]) {
          terminal.resize(each);
          if (settles) await terminal.settled();
        }
        await terminal.settled();
        terminal.keys('C-u', 'after', 'Enter');
        await terminal.shows('said back: "after"');
        const all = terminal.all();
        expect(rowsIn(all)).toEqual(Array.from({ length: 50 }, (_, i) => `row 1.${i} `));
        expect(count(all, 'said back: "after"')).toBe(1);
        expect(count(terminal.screen(), 'ada | acme | built-in')).toBe(1);
        // Sizes that change faster than a repaint can leave a row of the old prompt above.
        expect(settles && /> \/c\n/.test(all)).toBe(false);
      },
    );

    test('text and Enter in one read are a request; wide characters are edited whole', async () => {
      const terminal = await open();
      terminal.keys('hello', 'Enter');
      await terminal.shows('said back: "hello"');
      terminal.keys('日本語', 'Left', 'BSpace', 'é', 'Enter');
      await terminal.shows('said back: "日é語"');
      expect(count(terminal.all(), '> 日é語')).toBe(1);
    });

    test('a paste of several lines is text until Enter', async () => {
      const terminal = await open();
      terminal.paste('first line\nsecond\tline\n\u{1b}[2Jthird\r');
      await terminal.shows('third');
      expect(terminal.screen()).not.toContain('said back');
      terminal.keys('Enter');
      await terminal.shows('said back: "first line\\nsecond line\\n');
    });

    test('Esc stops a long call that says how far it is', async () => {
      const terminal = await open();
      terminal.keys('slow', 'Enter');
      await terminal.shows(/ledger_verify \d+ of 1,000 entries.*Esc stops/);
      terminal.keys('Escape');
      await terminal.shows('interrupted before there was an answer');
      terminal.keys('still here', 'Enter');
      await terminal.shows('said back: "still here"');
      expect(terminal.all()).not.toContain('done at last');
    });

    test('Ctrl+R finds an earlier request on the screen', async () => {
      const terminal = await open();
      terminal.keys('one thing', 'Enter', 'another', 'Enter');
      await terminal.shows('said back: "another"');
      terminal.keys('C-r', 'thing');
      await terminal.shows('search: thing');
      terminal.keys('Enter', '!', 'Enter');
      await terminal.shows('said back: "one thing!"');
      expect(terminal.all()).not.toContain('search: ');
    });

    test('$EDITOR gets the request and the terminal, and gives both back', async () => {
      const terminal = await open(usual, { EDITOR: 'sh "$HOME/edit.sh"' });
      writeFileSync(
        join(terminal.folder, 'edit.sh'),
        'echo "in the editor"; sleep 1; echo " and more" >> "$1"\n',
      );
      terminal.keys('start', 'C-g');
      await terminal.shows('in the editor');
      await terminal.shows(/> start and more$/m);
      terminal.keys('!', 'Enter');
      await terminal.shows('said back: "start and more!"');
      writeFileSync(join(terminal.folder, 'edit.sh'), 'exit 1\n');
      terminal.keys('kept', 'C-x', 'C-e', '!', 'Enter');
      await terminal.shows('said back: "kept!"');
      expect(count(terminal.all(), 'start and more!')).toBe(2);
    });

    test('Ctrl+C twice leaves with 130 and gives the terminal back', async () => {
      const terminal = await open();
      terminal.keys('plan', 'Enter');
      await terminal.shows('1 commit');
      terminal.keys('C-c');
      await terminal.shows('Press Ctrl+C again to leave.');
      terminal.keys('C-c');
      await terminal.shows('left with 130');
      expect(terminal.all()).toContain('was not committed.');
    });

    test('NO_COLOR: no byte sets a colour', async () => {
      const terminal = await open(usual, { NO_COLOR: '1' });
      const file = join(terminal.folder, 'bytes');
      terminal.record(file);
      terminal.keys('plan', 'Enter');
      await terminal.shows('1 commit');
      const colors = new RegExp(String.raw`${'\u{1b}'}\[[\d;]*m`, 'gu');
      expect(readFileSync(file, 'utf8').match(colors) ?? []).toEqual([]);
    });
  },
);

function rowsIn(text: string): string[] {
  return text.match(/row \d+\.\d+ /g) ?? [];
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
