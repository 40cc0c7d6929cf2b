/** What is offered to the agent now, whatever it is: for sound, title, announcement and keys. */

import type { ContactView, DeskView, OfferedKind } from "../protocol";

export interface Offered {
  id: string;
  kind: "call" | "call-back" | "message";
  /** Who calls, is called back, or has left the message. */
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
  const { id, caller_name, caller_number, called_back, queue_name } = view.contact;
  return {
    id,
    kind: called_back ? "call-back" : "call",
    who: caller_name || caller_number || "unknown caller",
    queue: queue_name,
  };
}

/** What kind of offer it is, as the monitor calls it; null where nothing is offered. */
export function offeredKind(view: DeskView): OfferedKind | null {
  if (view.message_offer !== null) return "message";
  if (view.contact?.phase === "dialling") return "outbound";
  if (view.contact?.phase !== "offered") return null;
  if (view.contact.from_agent === "") return view.contact.called_back ? "call-back" : "call";
  return view.contact.purpose === "consult" ? "consult" : "transfer";
}

/** A message rings in the browser wherever the agent's phone is: no phone does. */
export function ringsHere(offered: Offered | null, station: string): boolean {
  return offered !== null && (offered.kind === "message" || station === "browser");
}

/** What stands in the title in turns, and what is said of it: `name` and `way` before who it is. */
export const OFFER_WORDS = {
  call: { name: "Incoming call", way: "from", sign: "☎" },
  "call-back": { name: "Call-back", way: "to", sign: "☎" },
  message: { name: "Message", way: "from", sign: "✉" },
} as const;

/** What comes next with a customer who is called back; empty where he has called himself. */
export function callBackHint(contact: ContactView): string {
  if (!contact.called_back) return "";
  return contact.reached
    ? "He asked to be called back, and is on the line."
    : "He asked to be called back. His phone rings once you have answered, and you hear it.";
}
