/** What is offered to the agent now, whatever it is: for sound, title, announcement and keys. */

import type { DeskView, OfferedKind } from "../protocol";

export interface Offered {
  id: string;
  kind: "call" | "message";
  /** Who calls, or has left the message. */
  who: string;
  queue: string;
}

export function offeredIn(view: DeskView | null): Offered | null {
  if (view === null) return null;
  if (view.message_offer !== null) {
    const { id, name, number, queue_name } = view.message_offer;
    return { id, kind: "message", who: name || number || "a hidden number", queue: queue_name };
  }
  if (view.contact?.phase !== "offered") return null;
  const { id, caller_name, caller_number, queue_name } = view.contact;
  return { id, kind: "call", who: caller_name || caller_number || "unknown caller", queue: queue_name };
}

/** What kind of offer it is, as the monitor calls it; null where nothing is offered. */
export function offeredKind(view: DeskView): OfferedKind | null {
  if (view.message_offer !== null) return "message";
  if (view.contact?.phase !== "offered") return null;
  if (view.contact.from_agent === "") return "call";
  return view.contact.purpose === "consult" ? "consult" : "transfer";
}

/** A message rings in the browser wherever the agent's phone is: no phone does. */
export function ringsHere(offered: Offered | null, station: string): boolean {
  return offered !== null && (offered.kind === "message" || station === "browser");
}

/** What stands in the title in turns, and what is said of it. */
export const OFFER_WORDS = {
  call: { name: "Incoming call", sign: "☎" },
  message: { name: "Message", sign: "✉" },
} as const;
