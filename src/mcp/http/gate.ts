/** Names under which a server may be asked, and pages that may ask it. */
export type Gate = {
  /** Host names without ports, IPv6 in brackets. */
  readonly hosts: ReadonlySet<string>;
  /** Whole origins: `https://berth.example`. Pages of this machine may always ask a loopback server. */
  readonly origins: ReadonlySet<string>;
};

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

/** The gate of a server on loopback, with whatever else the operator lets in. */
export function loopbackGate(hosts: readonly string[] = [], origins: readonly string[] = []): Gate {
  return { hosts: new Set([...loopbackHosts, ...hosts]), origins: new Set(origins) };
}

/** The gate of a server that others reach: nothing but what the operator names. */
export function publicGate(hosts: readonly string[], origins: readonly string[]): Gate {
  return { hosts: new Set(hosts), origins: new Set(origins) };
}

/**
 * Why a request may not come in, if it may not. A page on another site can make a browser ask a server on this
 * machine, and can give that server's address a name of its own (DNS rebinding); both show in these two headers.
 * Programs send no Origin.
 */
export function barred(headers: Headers, { hosts, origins }: Gate): 'host' | 'origin' | undefined {
  const host = hostName(headers.get('host'));
  if (host === undefined || !hosts.has(host)) return 'host';
  const origin = headers.get('origin');
  if (origin === null || origins.has(origin)) return undefined;
  return hosts.has('localhost') && loopbackHosts.includes(originHost(origin) ?? '') ? undefined : 'origin';
}

/** The name in a Host header, without its port. */
function hostName(header: string | null): string | undefined {
  if (header === null) return undefined;
  const found = /^(?<name>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?$/.exec(header.toLowerCase());
  return found?.groups?.['name'];
}

function originHost(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === origin
    ? url.hostname
    : undefined;
}
