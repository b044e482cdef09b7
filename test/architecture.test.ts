import { globSync, readFileSync } from 'node:fs';
import { dirname, normalize } from 'node:path';

import { describe, expect, test } from 'vitest';

const table = readFileSync('ARCHITECTURE.md', 'utf8').split('## Imports')[1]?.split('\n## ')[0] ?? '';
const rows = [...table.matchAll(/^\| ([a-z]+) +\| ([^|]*?) *\|$/gm)];
const allowed = new Map(rows.map(([, layer = '', list = '']) => [layer, list.split(/\s+/)]));

describe('ARCHITECTURE.md', () => {
  test('names every folder of the source, and only those', () => {
    const layers = globSync('src/*/').map((folder) => folder.replaceAll('\\', '/').split('/')[1] ?? '');
    expect([...allowed.keys()].toSorted()).toEqual(['evals', 'layer', 'tools', ...layers].toSorted());
  });

  test('every import points the way the table says', () => {
    const wrong: string[] = [];
    for (const file of globSync('{src/*,tools,evals}/**/*.{ts,tsx}')) {
      const layer = layerOf(file);
      for (const name of importsOf(file)) {
        const target = targetOf(name, file);
        if (target !== layer && !mayImport(layer, target))
          wrong.push(`${file}: ${layer} must not import ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the check shares no code with the search that it audits', () => {
    const files = globSync('src/core/{check.ts,check/**/*.ts}');
    const shared = files.flatMap((file) =>
      importsOf(file).filter((name) => /\/(?:place|packing)\/|\/(?:plan|price|relax)\.ts$/.test(name)),
    );
    expect(files.length).toBeGreaterThan(5);
    expect(shared).toEqual([]);
  });

  test('the test itself sees static, type, re-exporting and dynamic imports', () => {
    const text = `import a from 'one';\nimport type { B } from "two";\nexport { c } from 'three';\nawait import('four');\nimport 'five';`;
    expect(namesIn(text)).toEqual(['one', 'two', 'three', 'four', 'five']);
  });
});

function importsOf(file: string): string[] {
  return namesIn(readFileSync(file, 'utf8'));
}

function namesIn(text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import\s*|(?:import|export)\b[^'"`;=()]*?\bfrom\s*)['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/gm,
  );
  return [...found].map(([, named, called]) => named ?? called ?? '');
}

function layerOf(file: string): string {
  const [top = '', folder = ''] = file.replaceAll('\\', '/').split('/');
  return top === 'tools' || top === 'evals' ? top : folder;
}

/** A layer for our own files, a package for others: `@scope/name`, `name`, or the whole name of a Node module. */
function targetOf(name: string, file: string): string {
  if (name.startsWith('.')) return layerOf(normalize(`${dirname(file)}/${name}`));
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function mayImport(layer: string, target: string): boolean {
  const list = allowed.get(layer) ?? [];
  return list.includes(target) || (target.startsWith('node:') && list.includes('node:*'));
}
