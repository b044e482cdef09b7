import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { cleanText } from '../model/text.ts';
import { cleanObject, toJsonObject } from './json.ts';

/** Serves one era over its share of a connection. */
export type Open = (transport: Transport) => Promise<void>;

/**
 * Shares one connection between the two eras of the protocol. A request of the stateless era says so in itself;
 * everything else belongs to a handshake, or to the era that spoke last. A server is made when its era is first
 * heard. Resolves once the connection listens.
 */
export async function shareConnection(
  wire: Transport,
  open: { readonly legacy: Open; readonly modern: Open },
): Promise<void> {
  const branches = { legacy: createBranch(wire, open.legacy), modern: createBranch(wire, open.modern) };
  let spokeLast = branches.legacy;
  Object.assign(wire, {
    onmessage: (message: JSONRPCMessage) => {
      if (isRequest(message)) spokeLast = claimsModern(message) ? branches.modern : branches.legacy;
      spokeLast.deliver(message);
    },
  });
  await wire.start();
}

type Branch = { deliver(message: JSONRPCMessage): void };

/** A transport that ends nothing when it is closed: the connection belongs to both eras. */
function createBranch(wire: Transport, open: Open): Branch {
  const transport: Transport = {
    start: () => Promise.resolve(),
    send: (message, options) => wire.send(cleaned(message), options),
    close: () => {
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  let opened: Promise<void> | undefined;
  return {
    deliver: (message) => {
      opened ??= open(transport);
      opened.then(
        () => transport.onmessage?.(message),
        (error: unknown) => wire.onerror?.(error instanceof Error ? error : new Error(String(error))),
      );
    },
  };
}

/** The same message; an error in one line without characters that act: SDKs quote what callers sent. */
function cleaned(message: JSONRPCMessage): JSONRPCMessage {
  if (!('error' in message)) return message;
  const { code, message: said, data } = message.error;
  const error = { code, message: cleanText(said, 1000), ...cleanObject(toJsonObject({ data })) };
  return { ...message, error };
}

function isRequest(message: JSONRPCMessage): boolean {
  return 'method' in message && 'id' in message;
}

const Claim = z.object({
  params: z.object({ _meta: z.object({ 'io.modelcontextprotocol/protocolVersion': z.string() }) }),
});

/** Every request of the stateless era carries the revision that it is written in. */
function claimsModern(message: JSONRPCMessage): boolean {
  return Claim.safeParse(message).success;
}
