/** How an agent's phone is called, and how it stands. Pure; the server decides what is possible. */

import type { PhoneState } from "../phone/phoneState";
import type { StationView } from "../protocol";

export type Reach = "good" | "bad" | "pending";

export interface Standing {
  reach: Reach;
  text: string;
}

const NAMES: Record<string, string> = {
  browser: "Browser phone",
  sip: "SIP phone",
  number: "Telephone",
};

export function stationName(station: StationView): string {
  const name = NAMES[station.kind] ?? station.kind;
  return station.kind === "number" ? `${name} ${station.number}` : name;
}

/** For the browser phone this page knows best; for the others only the server does. */
export function standingOf(station: StationView, phone: PhoneState): Standing {
  if (station.nailed_up) return lineStanding(station);
  if (station.kind === "browser") return browserStanding(station, phone);
  if (station.kind === "number") return { reach: "good", text: "called for each contact" };
  if (station.reachable === null) {
    return station.fixed
      ? { reach: "good", text: "fixed address" }
      : { reach: "pending", text: "not known whether reachable" };
  }
  return station.reachable ? { reach: "good", text: "reachable" } : { reach: "bad", text: "not reachable" };
}

function lineStanding(station: StationView): Standing {
  switch (station.line) {
    case "open":
      return { reach: "good", text: "line open" };
    case "calling":
      return { reach: "pending", text: callingText(station) };
    default:
      return { reach: "bad", text: "line closed" };
  }
}

function callingText(station: StationView): string {
  return asksForKey(station) ? `pick up and press ${station.confirm_key}` : "pick up";
}

/** Whether something is to be pressed at the phone before it counts as answered. */
export function asksForKey(station: StationView): boolean {
  return station.kind === "number" && station.confirm_key !== "";
}

function browserStanding(station: StationView, phone: PhoneState): Standing {
  switch (phone.registration) {
    case "registered":
      return station.reachable === false
        ? { reach: "pending", text: "connecting" }
        : { reach: "good", text: "connected" };
    case "failed":
      return { reach: "bad", text: "not connected" };
    default:
      return { reach: "pending", text: "connecting" };
  }
}

/** What the agent is to do when a contact is offered; nothing where the browser answers. */
export function offerHint(station: StationView): string {
  if (station.kind === "browser") return "";
  if (station.nailed_up) return "The call is put through to your open line by itself.";
  if (station.kind === "sip") return "Pick up your SIP phone to take the call.";
  const key = asksForKey(station) ? ` and press ${station.confirm_key}` : "";
  return `Pick up your telephone ${station.number}${key} to take the call.`;
}

/** What the agent is to do when she calls somebody herself. */
export function dialHint(station: StationView): string {
  if (station.kind === "browser" || station.nailed_up) return "";
  const key = asksForKey(station) ? ` and press ${station.confirm_key}` : "";
  return `Your own phone rings first; pick it up${key}, and the customer is called.`;
}
