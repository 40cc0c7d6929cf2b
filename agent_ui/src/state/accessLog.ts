/** Which accesses to recordings are asked for, as they stand in the page's address; and what they are called. Pure. */

import type { AccessKind } from "../protocol";
import { daysBefore, rangeOf, type TimeRange } from "./days";

/** How many are shown at once. */
export const PAGE_SIZE = 50;
/** How many days are shown when nobody says. */
const DAYS = 30;

export interface LogFilter {
  /** Days, as date fields hold them. */
  from: string;
  to: string;
  /** Part of a user's name; empty for everybody. */
  by: string;
  /** A contact's id; empty for all. */
  contact: string;
  offset: number;
}

/** What an address asks for; what it does not say, or says wrongly, is as it is without. */
export function filterOf(search: string, today: string): LogFilter {
  const params = new URLSearchParams(search);
  const offset = Number(params.get("offset"));
  return {
    from: params.get("from") ?? daysBefore(today, DAYS - 1),
    to: params.get("to") ?? today,
    by: (params.get("by") ?? "").trim(),
    contact: (params.get("contact") ?? "").trim(),
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

export function addressOf(filter: Partial<LogFilter>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) {
    if (value !== "" && value !== 0) params.set(key, String(value));
  }
  const search = params.toString();
  return search === "" ? "/access-log" : `/access-log?${search}`;
}

/** What the server is asked; null where the days are no range. One more than is shown tells whether there are more. */
export function questionOf(filter: LogFilter): string | null {
  const range: TimeRange | null = rangeOf(filter.from, filter.to);
  if (range === null) return null;
  const params = new URLSearchParams({
    ...range,
    limit: String(PAGE_SIZE + 1),
    offset: String(filter.offset),
  });
  if (filter.by !== "") params.set("by", filter.by);
  if (filter.contact !== "") params.set("contact", filter.contact);
  return params.toString();
}

const DID: Record<AccessKind, string> = {
  listened: "listened",
  downloaded: "downloaded it",
  deleted: "deleted it",
  held: "put it under legal hold",
  released: "released it from legal hold",
};

export function didText(what: AccessKind): string {
  return DID[what];
}

/** Who did it: rules have no name. */
export function doerText(by: string): string {
  return by || "the queue’s rules";
}
