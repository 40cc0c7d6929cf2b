import type { ReactNode } from "react";

interface TableScrollProps {
  /** What the table in it holds. */
  label: string;
  busy?: boolean;
  children: ReactNode;
}

/** The frame in which a table scrolls when it is too large. */
export function TableScroll({ label, busy = false, children }: TableScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={`${label}, table`} aria-busy={busy}>
      {children}
    </section>
  );
}
