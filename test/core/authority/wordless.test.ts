import { describe, expect, test } from 'vitest';

import { wordless } from '../../../src/core/authority/wordless.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command } from '../../../src/model/command.ts';

const of = 'person:ada';
const aside = (letter: string) => ({ aside: `sha256:${letter.repeat(64)}`, of });
const stop = (reason: unknown, id = 'acme') =>
  Command.parse({ kind: 'stop', target: { kind: 'tenant', id }, reason });
const digest = (command: Command) => digestOf(wordless(command));

describe('the digest of a wish', () => {
  test('is the same whatever was said, and another for another wish', () => {
    expect(digest(stop(aside('a')))).toBe(digest(stop(aside('b'))));
    expect(digest(stop(aside('a')))).not.toBe(digest(stop(aside('a'), 'globex')));
  });

  test('of an entry of before counts its plain words, as it did then', () => {
    expect(digest(stop('unpaid'))).toBe(digestOf(stop('unpaid')));
    expect(digest(stop('unpaid'))).not.toBe(digest(stop('late')));
    expect(digest(stop('unpaid'))).not.toBe(digest(stop(aside('a'))));
  });

  test('of what needs no reason is that of the command', () => {
    const drop = Command.parse({ kind: 'drop-hold', plan: 'plan-0123456789abcdef' });
    expect(digest(drop)).toBe(digestOf(drop));
  });
});
