/** A list that agents share: read again when the desk tells of a change, changed one line at a time. */

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiProblem, problemText } from "../api";

interface Source<Line> {
  /** Reads the list; another one reads at once. */
  read: (signal: AbortSignal) => Promise<Line[]>;
  /** Counts what the desk has told of changes. */
  changes: number;
  /** Read again by itself after so long, where the desk does not tell of everything. */
  everyMs?: number;
  /** What is said when it cannot be read and the server does not say why. */
  failure: string;
}

interface Known<Line> {
  /** Which list it is. */
  read: Source<Line>["read"];
  lines: Line[];
}

export interface Lines<Line> {
  /** Null until the server has answered. */
  lines: Line[] | null;
  problem: string;
  /** Id of the one that is being changed. */
  busy: string | null;
  change: (line: Line, work: () => Promise<Line>) => void;
}

export function useLines<Line extends { id: string }>(source: Source<Line>): Lines<Line> {
  const { read, changes, everyMs, failure } = source;
  const [known, setKnown] = useState<Known<Line> | null>(null);
  // Why the last change was refused, and why the list could not be read: the latter is over once it can be.
  const [refusal, setRefusal] = useState("");
  const [unread, setUnread] = useState("");
  const [busy, setBusy] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((number) => number + 1), []);

  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = window.setInterval(again, everyMs);
    return () => window.clearInterval(timer);
  }, [again, everyMs]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt, or another change, asks again
  useEffect(() => {
    const abort = new AbortController();
    read(abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        setKnown({ read, lines: found });
        setUnread("");
      },
      (error: unknown) => {
        // What was read stays: the desk's own banner tells when the server is away.
        const away = error instanceof ApiProblem && error.status === 0;
        if (!abort.signal.aborted && !away) setUnread(problemText(error, failure));
      },
    );
    return () => abort.abort();
  }, [attempt, changes, read]);

  const change = async (line: Line, work: () => Promise<Line>) => {
    setBusy(line.id);
    setRefusal("");
    try {
      const changed = await work();
      setKnown(
        (old) => old && { ...old, lines: old.lines.map((one) => (one.id === changed.id ? changed : one)) },
      );
    } catch (error) {
      setRefusal(problemText(error, failure));
    } finally {
      setBusy(null);
      again();
    }
  };
  // Another list is not known by what was read of the one before.
  const lines = known?.read === read ? known.lines : null;
  return { lines, problem: refusal || unread, busy, change: (line, work) => void change(line, work) };
}

/** The heading to which the focus goes when the button that had it goes away with its line. */
export function useListTitle() {
  const title = useRef<HTMLHeadingElement>(null);
  const focusTitle = () => title.current?.focus();
  return { title, focusTitle };
}
