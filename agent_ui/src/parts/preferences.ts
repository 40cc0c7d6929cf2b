/** What a person chose for this browser. A browser that keeps nothing (private mode) gets the defaults. */

import { useCallback, useState } from "react";

export interface Preferences {
  /** Ring when a call is offered. */
  sound: boolean;
  /** Show the system's notification when a call is offered while the page is hidden. */
  notify: boolean;
  /** The `?` key opens the help; can be turned off (WCAG 2.1.4). */
  helpKey: boolean;
}

const DEFAULTS: Preferences = { sound: true, notify: false, helpKey: true };
const KEY = "caruso.preferences";

export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const [preferences, setPreferences] = useState(readPreferences);
  const change = useCallback((part: Partial<Preferences>) => {
    setPreferences((known) => {
      const next = { ...known, ...part };
      keep(KEY, JSON.stringify(next));
      return next;
    });
  }, []);
  return [preferences, change];
}

/** Keep something of this tab over a reload. */
export function keepForTab(key: string, value: string | null): void {
  try {
    if (value === null) window.sessionStorage.removeItem(key);
    else window.sessionStorage.setItem(key, value);
  } catch {
    // Nothing can be kept here; what is on the server is not affected.
  }
}

export function keptForTab(key: string): string | null {
  try {
    return window.sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function readPreferences(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(window.localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

function keep(key: string, value: string): void {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
