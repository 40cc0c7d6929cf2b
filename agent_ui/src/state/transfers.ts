/** Whom a customer can be given to, as the agent searches for it, and what can be done in a consultation. */

import type { ContactView, PartyView, TargetView } from "../protocol";

/** What people put between the digits of a number. */
const BETWEEN = /[\s()./-]/g;
const NUMBER = /^\+?[0-9*#]{2,32}$/;

const PRESENCE_TEXTS: Record<string, string> = {
  ready: "ready",
  "not-ready": "not ready",
  "signed-out": "signed out",
  offered: "phone rings",
  talking: "in a call",
  "wrap-up": "wrap-up",
};

/** The number somebody typed, or null when it is none. */
export function typedNumber(text: string): string | null {
  const number = text.replace(BETWEEN, "");
  return NUMBER.test(number) ? number : null;
}

/** Targets that fit what was typed, those that can take the customer now first; a typed number comes before all. */
export function foundTargets(targets: readonly TargetView[], text: string): TargetView[] {
  const wanted = text.trim().toLowerCase();
  const number = typedNumber(text);
  const outside = targets.find((target) => target.kind === "number");
  const fitting = targets.filter(
    (target) =>
      target.kind !== "number" &&
      (target.name.toLowerCase().includes(wanted) ||
        target.id.toLowerCase().includes(wanted) ||
        (number !== null && target.number.includes(number))),
  );
  const sorted = fitting.sort((one, other) => Number(other.possible) - Number(one.possible));
  return number !== null && outside !== undefined
    ? [{ ...outside, id: number, name: number }, ...sorted]
    : sorted;
}

export function targetKey(target: TargetView): string {
  return `${target.kind} ${target.id}`;
}

/**
 * Where the target with that key stands in the list; -1 where it does not.
 *
 * The list is read anew while somebody looks at it, and ordered by who is free: whom she has chosen stays chosen, and
 * nobody slips into that place.
 */
export function chosenIndex(found: readonly TargetView[], key: string): number {
  return found.findIndex((target) => targetKey(target) === key);
}

/** Why Enter, or Ctrl+Enter (`give`), does nothing with a target; empty when it does. */
export function refusedText(target: TargetView, give: boolean): string {
  if (give ? target.possible : mayConsult(target)) return "";
  if (target.kind === "agent") return `${target.name} cannot be reached: ${targetText(target)}.`;
  if (give || !target.possible) return `${target.name} cannot take the customer now.`;
  return `There is nobody to ask at ${target.name}. Ctrl+Enter gives the customer away.`;
}

/** What kind of target it is and how it is doing, in words. */
export function targetText(target: TargetView): string {
  switch (target.kind) {
    case "agent":
      return PRESENCE_TEXTS[target.presence] ?? target.presence;
    case "queue":
      return `queue · ${target.ready} ready`;
    case "entry-point":
      return `entry point · ${target.number}`;
    case "script":
      return "script, led on the phone";
    default:
      return "number outside";
  }
}

/** Whether one can talk with the target before the customer does. */
export function mayConsult(target: TargetView): boolean {
  if (target.kind === "queue") return target.ready > 0;
  return target.possible && isSomebody(target);
}

/** Whether there is somebody to talk with at all. */
export function isSomebody(target: TargetView): boolean {
  return target.kind !== "entry-point" && target.kind !== "script";
}

/** Whoever is called, consulted or parked. */
export function pendingParty(contact: ContactView): PartyView | null {
  return contact.parties.find((party) => party.state !== "joined") ?? null;
}

export interface TransferChoices {
  /** Somebody may be called, or the customer given away. */
  start: boolean;
  /** Change between customer and whoever is consulted. */
  toggle: boolean;
  conference: boolean;
  complete: boolean;
  /** End the consultation. */
  cancel: boolean;
}

/** What can be done about further parties now. */
export function transferChoices(contact: ContactView): TransferChoices {
  const pending = pendingParty(contact);
  const reached = pending !== null && pending.state !== "ringing";
  const here = contact.mine && (contact.phase === "talking" || contact.phase === "held");
  const othersJoined = contact.parties.some((party) => party.state === "joined");
  return {
    start: here && pending === null,
    toggle: here && reached,
    conference: here && reached,
    complete: here && (pending !== null ? reached || !othersJoined : othersJoined),
    cancel: here && pending !== null,
  };
}

export function partyText(party: PartyView): string {
  const states: Record<string, string> = {
    ringing: "phone rings",
    consulted: "talks with you",
    parked: "hears music",
    joined: "in the conference",
  };
  return states[party.state] ?? party.state;
}
