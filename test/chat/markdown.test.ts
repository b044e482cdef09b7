import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { lineWidth } from '../../src/chat/cards/line.ts';
import { markdown } from '../../src/chat/cards/markdown.ts';
import { drawTurn } from '../../src/chat/cards/turn.ts';
import { renderPlain } from '../../src/chat/render.ts';
import { turnOf } from './samples.ts';

const sample = `# What I found

**16 H100** fit at \`fra1\`, see [the plan](https://evil.example/x) or <https://berth.dev>.
A second sentence with *emphasis* and ~~nothing~~ struck.  
A hard break before this.

- first, with a text that is long enough to be wrapped at the width of the screen
  - inside, 1 * 2 * 3 = 6
- [x] done
- [ ] to do

3. three
4. four

> said by somebody
> else

| site | free | why |
| ---- | ---: | --- |
| fra1 | 16 | the \`only\` one |
| ams2 | 0 | no H100 |

\`\`\`sh
berth commit plan-1   --key x
\`\`\`

<b>raw</b> &amp; ![alt](https://evil.example/pixel.png)

---
`;

test.each([40, 80])('at %i columns', async (columns) => {
  await expect(`${renderPlain(markdown(sample, { columns }))}\n`).toMatchFileSnapshot(
    `../golden/chat/markdown-${columns}.txt`,
  );
});

test('where a link leads stands beside it, whatever its text says', () => {
  expect(renderPlain(markdown('[https://berth.dev](https://evil.example)', { columns: 80 }))).toBe(
    'https://berth.dev (https://evil.example)',
  );
  expect(renderPlain(markdown('<https://berth.dev>', { columns: 80 }))).toBe('https://berth.dev');
});

const pieces = [
  '# ',
  '* ',
  '1. ',
  '> ',
  '| a | b |\n',
  '|---|---|\n',
  '`',
  '```\n',
  '**',
  '_',
  '[x](y)',
  '![',
  '<i>',
  '&lt;',
  '\n',
  '\n\n',
  '  ',
  '日本',
  'word ',
  '---\n',
  '- [ ] ',
  '\\',
  '\u{1b}[2J',
  '\u{202e}',
];

test('any text is drawn within the width, without anything a terminal acts on, and no word is lost', () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), { maxLength: 40 });
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 120 }), (parts, columns) => {
      const lines = markdown(`${parts.join('')}\n\nlastword`, { columns });
      for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
      const drawn = renderPlain(lines);
      expect(drawn.replaceAll('\n', '').search(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)).toBe(-1);
      expect(drawn).toContain('lastword');
    }),
    { seed: 20261122, numRuns: 1000 },
  );
});

test('only the words of a model are Markdown: those of the built-in reader stay as they are', () => {
  const reply = 'nodes with label `a*b` and *c*';
  const usage = { modelCalls: 1, inputTokens: 1, outputTokens: 1 };
  expect(renderPlain(drawTurn(turnOf({ reply }), { columns: 80 }))).toBe(reply);
  expect(renderPlain(drawTurn(turnOf({ reply, usage }), { columns: 80 }))).toContain('`a*b` and c');
  expect(renderPlain(drawTurn(turnOf({ reply, usage: { ...usage, modelCalls: 0 } }), { columns: 80 }))).toBe(
    reply,
  );
});
