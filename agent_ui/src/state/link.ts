/**
 * What the page may believe about its connection to the server, and what it says about it.
 *
 *     connecting ──► open ──► waiting ──► connecting …
 *          └───────────────────►┘   │
 *     elsewhere ◄── (signed in in another tab) ── refused ◄── (session over)
 */

export type LinkPhase = "connecting" | "open" | "waiting" | "elsewhere" | "refused";

export interface LinkState {
  phase: LinkPhase;
  /** Local milliseconds. */
  since: number;
  /** When the next attempt begins, in `waiting`. */
  retryAt: number | null;
  /** When the server last said anything, on whatever socket. */
  heardAt: number | null;
  /** When an open connection was lost; null while it is open. */
  lostAt: number | null;
  /** The server said that it is being stopped (and will be back). */
  stopping: boolean;
}

export const initialLink: LinkState = {
  phase: "connecting",
  since: 0,
  retryAt: null,
  heardAt: null,
  lostAt: null,
  stopping: false,
};

/** The server says something every 5 s. A page that has not heard from the server for so long is greyed. */
export const STALE_AFTER_MS = 10_000;
/** A socket that says nothing for so long is taken for dead, and another is opened. */
export const DEAD_AFTER_MS = 15_000;
/** A gap shorter than this (a reload of the server, a moment without Wi-Fi) is not worth greying the page. */
const GRACE_MS = 1_500;

export type Freshness = "live" | "loading" | "stale" | "elsewhere" | "refused";

export function freshness(link: LinkState, hasView: boolean, now: number): Freshness {
  if (link.phase === "elsewhere" || link.phase === "refused") return link.phase;
  if (!hasView) return link.phase === "waiting" ? "stale" : "loading";
  if (link.phase === "open") return now - (link.heardAt ?? link.since) > STALE_AFTER_MS ? "stale" : "live";
  return now - (link.lostAt ?? 0) > GRACE_MS ? "stale" : "live";
}

export function changedLink(link: LinkState, change: Partial<LinkState>): LinkState {
  const next = { ...link, ...change };
  if (next.phase === "open") return { ...next, lostAt: null };
  return link.phase === "open" ? { ...next, lostAt: next.since } : next;
}

/** However long the server was away: three seconds after it is back, so is every desk. 180 pages are no load. */
const LONGEST_RETRY_MS = 2_000;

/** How long to wait before attempt number `attempt` (from 1); `random` in [0, 1) spreads a crowd of browsers. */
export function retryDelayMs(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, 250 * 2 ** Math.min(attempt - 1, 6));
  return ceiling * (0.5 + random / 2);
}
