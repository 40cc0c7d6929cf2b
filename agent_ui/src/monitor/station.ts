/** Which phone the supervisor listens with; remembered by this browser where it keeps anything. */

import { useCallback, useEffect, useState } from "react";
import { useMaybeDesk } from "../console/desk";
import { phoneAsked } from "../state/supervision";

const KEY = "caruso.supervision-phone";

export interface StationChoice {
  kind: string;
  number: string;
  /** As the server is asked for it; null while the number is not complete. */
  asked: string | null;
  choose: (kind: string) => void;
  type: (number: string) => void;
}

export function useStation(): StationChoice {
  const desk = useMaybeDesk();
  const [kept] = useState(read);
  const [kind, setKind] = useState(desk === null ? "number" : (kept.kind ?? "browser"));
  const [number, setNumber] = useState(kept.number ?? "");
  useEffect(() => {
    // The browser phone is the desk's: it signs in to the PBX once somebody wants to hear with it.
    if (kind === "browser" && desk !== null && !desk.begun) desk.begin();
  }, [kind, desk]);
  const choose = useCallback((wanted: string) => setKind(wanted), []);
  useEffect(() => write({ kind, number }), [kind, number]);
  return { kind, number, asked: phoneAsked(kind, number), choose, type: setNumber };
}

function read(): { kind?: string; number?: string } {
  try {
    return JSON.parse(window.localStorage.getItem(KEY) ?? "{}") as { kind?: string; number?: string };
  } catch {
    return {};
  }
}

function write(choice: { kind: string; number: string }): void {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // Private mode: it is asked for again.
  }
}
