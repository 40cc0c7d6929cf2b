/** What the browser's tab says: the page that is shown, or for a while something that cannot wait. */

let page = "Caruso";
let urgent: string | null = null;

export function showPage(title: string): void {
  page = `${title} – Caruso`;
  write();
}

/** Null: nothing is urgent any more, and the page that is shown by now is told again. */
export function showUrgent(text: string | null): void {
  urgent = text;
  write();
}

function write(): void {
  document.title = urgent ?? page;
}
