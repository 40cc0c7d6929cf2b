/** Sorts what comes over a socket by its `type`. What is not known is passed over: a newer server may say more. */

import type { ConsoleMessage, MonitorMessage } from "../protocol";

export type Incoming = ConsoleMessage | MonitorMessage;

const KNOWN: ReadonlySet<unknown> = new Set<Incoming["type"]>(["desk", "monitor", "reply", "notice", "beat"]);

export function asIncoming(message: unknown): Incoming | null {
  if (typeof message !== "object" || message === null || !("type" in message)) return null;
  return KNOWN.has(message.type) ? (message as Incoming) : null;
}
