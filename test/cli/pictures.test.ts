import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { beforeAll, describe, expect, test } from 'vitest';

import { InventoryTree, PictureList } from '../../src/model/picture-view.ts';
import { readXml } from '../../src/sources/xml.ts';
import { berth, demoHome, newFolder } from './run.ts';

let home = '';

beforeAll(async () => {
  home = await demoHome();
});

const look = (...args: readonly string[]) => berth(['inventory', ...args], { home });

test('--json is the view that is drawn', async () => {
  const pictures = PictureList.parse(JSON.parse((await look('r11', '--picture', '--json')).stdout));
  expect(pictures.pictures.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['rack fra1/h1/r11']);
  const tree = InventoryTree.parse(JSON.parse((await look('--tree', '--json')).stdout));
  expect(tree.rows.filter(({ depth }) => depth === 0).map(({ id }) => id)).toEqual([
    'ams2',
    'edge-muc',
    'fra1',
    'iad3',
  ]);
});

describe('--svg', () => {
  test('writes a file, says so beside stdout, and replaces an older picture', async () => {
    const file = join(newFolder(), 'r11.svg');
    for (const place of ['r12', 'r11']) {
      const { code, stdout, stderr } = await look(place, '--svg', file);
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: '',
        stderr: `wrote a picture to ${file}\n`,
      });
    }
    const root = readXml({ file, bytes: new Uint8Array() }, readFileSync(file, 'utf8'), ['svg']);
    expect(root.children[0]?.text).toBe('Berth: Rack fra1/h1/r11');
  });

  test('with `-` goes to stdout, several pictures in one', async () => {
    const { stdout } = await look('fra1', '--view', 'rack', '--svg', '-');
    expect(stdout.match(/<svg /g)).toHaveLength(1);
    expect(stdout.match(/role="img"/g)).toHaveLength(3);
  });

  test('replaces nothing that is no picture', async () => {
    const file = join(newFolder(), 'fleet.yaml');
    writeFileSync(file, 'schema: berth/inventory/1\n');
    const { code, stderr } = await look('r11', '--svg', file);
    expect(code).toBe(2);
    expect(stderr).toContain('is there already and is no SVG');
    expect(readFileSync(file, 'utf8')).toBe('schema: berth/inventory/1\n');
  });

  test('says when it cannot write', async () => {
    const file = join(newFolder(), 'no', 'such', 'folder.svg');
    const { code, stderr } = await look('r11', '--svg', file);
    expect(code).toBe(2);
    expect(stderr).toContain('ENOENT');
    expect(existsSync(file)).toBe(false);
  });
});

test.each([
  [['--tree', '--picture'], '`--tree` and `--depth` show a tree'],
  [['--depth', '2', '--svg', 'x.svg'], '`--tree` and `--depth` show a tree'],
  [['--tree', '--model', 'H100'], '`--model` picks nodes from a list'],
  [['r11', '--picture', '--free', '4'], '`--free` picks nodes from a list'],
  [['--depth', '0'], '`depth`'],
  [['--depth', 'deep'], 'write a whole number'],
  [['r11', '--view', 'elevation'], 'Allowed choices are rack, node, fabric, island'],
  [['r99', '--picture'], 'no place is called `r99`'],
  [['r11', '--view', 'island'], 'no link domain over nodes is recorded in `fra1/h1/r11`'],
  [['r11', '--picture', '--from', 'tomorrow'], '`--from`'],
  [
    ['r11', '--picture', '--from', '2026-12-01T00:00:00Z', '--to', '2026-11-01T00:00:00Z'],
    '`--to` does not lie after `--from`',
  ],
])('%j is refused with %s', async (args, message) => {
  const { code, stdout, stderr } = await look(...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
});

test.each([
  [['--plain'], {}],
  [[], { ACCESSIBLE: '1' }],
  [[], { INK_SCREEN_READER: 'true' }],
])('%j with %j tells the picture in sentences', async (args, env) => {
  const { stdout } = await berth(['inventory', 'r11', '--picture', ...args], { home, env });
  expect(stdout).toContain('Node fra1/h1/r11/n01, position not recorded');
  expect(stdout).not.toMatch(/[─-╿█░]/u);
});

test('colours go with NO_COLOR, and the picture still says everything', async () => {
  const plain = await berth(['inventory', 'r11', '--picture'], { home, env: { NO_COLOR: '1' } });
  const colored = await berth(['inventory', 'r11', '--picture'], { home, env: { FORCE_COLOR: '1' } });
  expect(plain.stdout).not.toContain('\u{1b}');
  expect(colored.stdout).toContain('\u{1b}');
  expect(stripVTControlCharacters(colored.stdout).replaceAll(/ +$/gm, '')).toBe(plain.stdout);
});
