import { describe, expect, test } from 'vitest';

import { isLoopback, readAddress } from '../../../src/mcp/http/address.ts';
import { createPace } from '../../../src/mcp/http/pace.ts';

describe('an address', () => {
  test.each([
    [true, '127.0.0.1', 3901],
    [':8080', '127.0.0.1', 8080],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::1]:8080', '::1', 8080],
    ['localhost', 'localhost', 3901],
    ['8080', '8080', 3901],
    ['berth.example:0', 'berth.example', 0],
  ] as const)('%j', (text, host, port) => {
    expect(readAddress(text)).toEqual({ host, port });
  });

  test.each(['::', 'berth.example:65536', 'http://berth.example', 'a b', '[::1'])('not %j', (text) => {
    expect(() => readAddress(text)).toThrow('no address to listen on');
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['192.168.0.1', false],
  ])('%s is of this machine only: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe('pace', () => {
  test('askers do not share a bucket, and a bucket holds no more than its burst', () => {
    let now = 0;
    const pace = createPace({ burst: 2, perSecond: 1 }, () => now);
    expect([pace.take('a'), pace.take('a'), pace.take('a'), pace.take('b')]).toEqual([0, 0, 1, 0]);
    now = 3_600_000;
    expect([pace.take('a'), pace.take('a'), pace.take('a')]).toEqual([0, 0, 1]);
  });

  test('asking in vain costs nothing', () => {
    let now = 0;
    const pace = createPace({ burst: 1, perSecond: 1 }, () => now);
    pace.take('a');
    for (let times = 0; times < 100; times++) pace.take('a');
    now = 1_000;
    expect(pace.take('a')).toBe(0);
  });

  test('what is remembered is bounded', () => {
    const pace = createPace({ burst: 1, perSecond: 0.001 }, () => 0);
    pace.take('first');
    expect(pace.take('first')).toBeGreaterThan(0);
    for (let index = 0; index < 10_000; index++) pace.take(`other ${index}`);
    expect(pace.take('first')).toBe(0);
  });
});
