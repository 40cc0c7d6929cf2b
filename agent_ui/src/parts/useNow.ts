/** One ticking clock for all ages and countdowns of the page. Runs only while somebody looks at it. */

import { useSyncExternalStore } from "react";

/** Twice a second, so that no second is seen to be skipped. */
const TICK_MS = 500;

const listeners = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) timer = window.setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

/** Local milliseconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
