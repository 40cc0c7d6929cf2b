/** Older and newer pages of a list that begins with the newest. */

import { Button } from "@mantine/core";

interface PagerProps {
  label: string;
  /** How many lines stand before those shown, and how many are shown. */
  offset: number;
  shown: number;
  more: boolean;
  size: number;
  go: (offset: number) => void;
}

export function Pager({ label, offset, shown, more, size, go }: PagerProps) {
  if (offset === 0 && !more) return null;
  return (
    <nav className="pager" aria-label={label}>
      <Button
        variant="default"
        disabled={offset === 0}
        onClick={() => go(Math.max(0, offset - size))}
        data-testid="newer"
      >
        Newer
      </Button>
      <span className="figure">{shown === 0 ? "" : `${offset + 1} – ${offset + shown}`}</span>
      <Button variant="default" disabled={!more} onClick={() => go(offset + size)} data-testid="older">
        Older
      </Button>
    </nav>
  );
}
