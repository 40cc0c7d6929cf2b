/** Which contacts of the past are shown, as it stands in the page's address. Pure. */

import { rangeOf } from "./days";

/** How many are shown at once. */
export const PAGE_SIZE = 50;

export interface HistoryFilter {
  /** Days, as date fields hold them. */
  from: string;
  to: string;
  offset: number;
}

/** What an address asks for; what it does not say, or says wrongly, is today from the newest on. */
export function filterOf(search: string, today: string): HistoryFilter {
  const params = new URLSearchParams(search);
  const offset = Number(params.get("offset"));
  return {
    from: params.get("from") ?? today,
    to: params.get("to") ?? today,
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

/** Where the list stands like this, beside a contact or alone. */
export function addressOf({ from, to, offset }: HistoryFilter, contact: string | null = null): string {
  const params = new URLSearchParams({ from, to });
  if (offset > 0) params.set("offset", String(offset));
  return `/history${contact === null ? "" : `/${encodeURIComponent(contact)}`}?${params}`;
}

/** What the server is asked; null where the days are no range. */
export function questionOf({ from, to, offset }: HistoryFilter): string | null {
  const range = rangeOf(from, to);
  if (range === null) return null;
  return new URLSearchParams({ ...range, limit: String(PAGE_SIZE), offset: String(offset) }).toString();
}
