/** Where the keyboard goes on from when what had the focus cannot have it any more. */

/** Had the focus last; null after a click anywhere, which says by itself where to go on. */
let last: HTMLElement | null = null;
/** `last`, while it is disabled: the browser took the focus from it then. */
let waiting: HTMLElement | null = null;

/** Whether the keyboard has nowhere to go on from: what had the focus is gone, or a button that stays disabled. */
export function focusIsLost(): boolean {
  const { activeElement, body } = document;
  if (waiting?.isConnected === true && waiting.dataset["loading"] === "true") return false;
  return activeElement === null || activeElement === body || activeElement.matches(":disabled");
}

/** A button that is disabled while its command is under way has the focus again afterwards. Returns what ends that. */
export function keepFocus(): () => void {
  const remember = (event: FocusEvent) => {
    last = event.target instanceof HTMLElement ? event.target : null;
    waiting = null;
  };
  const forget = () => {
    last = null;
    waiting = null;
  };
  const changed = (records: MutationRecord[]) => {
    if (last === null || !records.some((record) => record.target === last)) return;
    if (last.matches(":disabled")) waiting = last;
    else if (waiting === last && document.activeElement === document.body)
      last.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ["disabled"], subtree: true });
  document.addEventListener("focusin", remember);
  document.addEventListener("pointerdown", forget, true);
  return () => {
    observer.disconnect();
    document.removeEventListener("focusin", remember);
    document.removeEventListener("pointerdown", forget, true);
  };
}
