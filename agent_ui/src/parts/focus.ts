/** Whether the keyboard has nowhere to go on from: what had the focus is gone, or is a button that is disabled by now. */
export function focusIsLost(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || activeElement.matches(":disabled");
}
