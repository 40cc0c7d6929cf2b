/** Older and newer pages of a list that begins with the newest. */

import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { focusIsLost } from "./focus";

interface PagerProps {
  label: string;
  /** How many lines stand before those shown, and how many are shown. */
  offset: number;
  shown: number;
  more: boolean;
  /** It is not known yet what there is. */
  busy: boolean;
  size: number;
  go: (offset: number) => void;
}

export function Pager({ label, offset, shown, more, busy, size, go }: PagerProps) {
  const buttons = useRef<HTMLElement>(null);
  const [turning, setTurning] = useState(false);
  useEffect(() => {
    // The button that led to the last page, or to the first, is disabled there: the other one leads back.
    if (busy || !turning) return;
    setTurning(false);
    if (focusIsLost()) buttons.current?.querySelector<HTMLElement>("button:enabled")?.focus();
  }, [busy, turning]);
  if (offset === 0 && !more && !turning) return null;
  // Until the page is there its buttons stay as they are, or the one that was pressed would lose the focus.
  const waiting = turning && busy;
  const turn = (wanted: number) => {
    if (busy) return;
    setTurning(true);
    go(wanted);
  };
  return (
    <nav className="pager" aria-label={label} ref={buttons}>
      <Button
        variant="default"
        disabled={offset === 0 && !waiting}
        onClick={() => turn(Math.max(0, offset - size))}
        data-testid="newer"
      >
        Newer
      </Button>
      <span className="figure">{shown === 0 ? "" : `${offset + 1} – ${offset + shown}`}</span>
      <Button
        variant="default"
        disabled={!more && !waiting}
        onClick={() => turn(offset + size)}
        data-testid="older"
      >
        Older
      </Button>
    </nav>
  );
}
