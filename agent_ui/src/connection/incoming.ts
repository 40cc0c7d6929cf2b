/** Sorts what comes over a socket by its `type`. What is not known is passed over: a newer server may say more. */

import type { DeskView, MonitorView, Notice, Reply } from "../protocol";

export type Incoming = DeskView | MonitorView | Reply | Notice;

const KNOWN: ReadonlySet<unknown> = new Set<Incoming["type"]>(["desk", "monitor", "reply", "notice"]);

export function asIncoming(message: unknown): Incoming | null {
  if (typeof message !== "object" || message === null || !("type" in message)) return null;
  return KNOWN.has(message.type) ? (message as Incoming) : null;
}
