import { BerthError } from '../../model/error.ts';

export type Address = { readonly host: string; readonly port: number };

const defaultPort = 3901;

/** `127.0.0.1:3901`, `:8080`, `[::1]:8080`, `berth.example`. Loopback where no host is said. Throws INVALID_INPUT. */
export function readAddress(text: string | true): Address {
  if (text === true) return { host: '127.0.0.1', port: defaultPort };
  const found = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]\s]*)(?::(?<port>[0-9]{1,5}))?$/.exec(text);
  const { host = '', port = String(defaultPort) } = found?.groups ?? {};
  if (found === null || Number(port) > 65_535) {
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${text}\` is no address to listen on`,
      fix: 'write a host, a port or both, such as `127.0.0.1:3901`, `:8080` or `[::1]:8080`',
    });
  }
  return { host: host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
