/** Addresses of the one page: a handful, so this is all the router there is. */

import { useSyncExternalStore } from "react";

export type Route =
  | { page: "sign-in" }
  | { page: "console" }
  | { page: "monitor" }
  | { page: "history"; contact: string | null }
  | { page: "access-log" }
  | { page: "unknown" };

const listeners = new Set<() => void>();

export function routeOf(path: string): Route {
  const [first = "", second = null, ...rest] = path.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { page: "unknown" };
  if (first === "history") return { page: "history", contact: second === null ? null : decoded(second) };
  if (second !== null) return { page: "unknown" };
  if (first === "") return { page: "console" };
  if (first === "sign-in" || first === "monitor" || first === "access-log") return { page: first };
  return { page: "unknown" };
}

export function navigate(path: string, replace = false): void {
  if (replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  for (const listener of listeners) listener();
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

/** What the address says behind its question mark, with it. */
export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => window.location.search);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
