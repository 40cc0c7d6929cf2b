/** How a presence is called and coloured, and which changes may be asked for. The server decides; this only greys. */

import type { Choice, DeskView, OfferedKind, Presence, PresenceView } from "../protocol";
import { offeredKind } from "./offers";

export interface PresenceLook {
  label: string;
  /** Drawn before the label, so that colour is never the only sign. */
  icon: "cross" | "pause" | "check" | "phone" | "headset" | "edit" | "transfer";
}

const PRESENCE_LOOKS: Record<Presence, PresenceLook> = {
  "signed-out": { label: "Signed out", icon: "cross" },
  "not-ready": { label: "Not ready", icon: "pause" },
  ready: { label: "Ready", icon: "check" },
  offered: { label: "Incoming call", icon: "phone" },
  talking: { label: "Talking", icon: "headset" },
  "wrap-up": { label: "Wrap-up", icon: "edit" },
};

const OFFER_LOOKS: Record<OfferedKind, PresenceLook> = {
  call: PRESENCE_LOOKS.offered,
  "call-back": { label: "Call-back", icon: "phone" },
  transfer: { label: "Transfer", icon: "transfer" },
  consult: { label: "Consultation", icon: "headset" },
  outbound: { label: "Calling", icon: "phone" },
  message: { label: "Message", icon: "edit" },
};

/** How a presence looks, with what is offered where something is. */
export function presenceLook(presence: Presence, offered: OfferedKind | null): PresenceLook {
  return presence === "offered" && offered !== null ? OFFER_LOOKS[offered] : PRESENCE_LOOKS[presence];
}

/** How the presence of the agent at this desk looks. */
export function deskLook(view: DeskView): PresenceLook {
  if (view.contact?.phase === "held") return { label: "On hold", icon: "pause" };
  return presenceLook(view.presence.presence, offeredKind(view));
}

/** Reasons that the centre sets by itself, in words. */
const CENTRE_REASONS: Record<string, string> = {
  rona: "The last offer was not answered",
  declined: "The last offer was declined",
  unreachable: "The phone could not be reached",
  "console-gone": "The console was away",
  "signed-in": "Just signed in",
  "line-opening": "The telephone is being called",
  "line-down": "The line to the telephone is closed",
  message: "Answering a message",
  link: "The connection was lost",
};

export function reasonText(reason: string, reasons: readonly Choice[]): string {
  if (reason === "") return "";
  return reasons.find((choice) => choice.id === reason)?.name ?? CENTRE_REASONS[reason] ?? reason;
}

/** What follows the contact on the desk, in words; empty when that is to be ready. */
export function nextText(view: PresenceView, reasons: readonly Choice[]): string {
  if (view.next === "") return "";
  const next = view.next === "not-ready" ? "Not ready" : "Signed out";
  const reason = reasonText(view.next_reason, reasons);
  return `Afterwards: ${next}${reason === "" ? "" : `, ${reason}`}`;
}

export function mayGoReady(view: DeskView): boolean {
  return ["not-ready", "wrap-up"].includes(view.presence.presence);
}

export function mayGoNotReady(view: DeskView): boolean {
  return ["ready", "talking", "wrap-up", "not-ready"].includes(view.presence.presence);
}

export function maySignOut(view: DeskView): boolean {
  return ["signed-out", "ready", "not-ready"].includes(view.presence.presence);
}

/** True while somebody is, or is about to be, on the line. */
export function isInConversation(view: DeskView): boolean {
  return view.contact !== null && ["talking", "held", "consulted"].includes(view.contact.phase);
}
