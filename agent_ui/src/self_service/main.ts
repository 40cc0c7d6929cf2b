// The self-service pages work without this. With it an answer does not reload the page, half-filled forms are
// kept, and some questions are easier to answer. Each part looks for what the server marked for it.

import { keepDrafts } from "./drafts";
import { shownPath } from "./page";
import { easeQuestions } from "./questions";
import { submitInPlace } from "./submit";
import { watchTime } from "./timing";

function enhance(): void {
  const main = document.querySelector("main");
  if (main === null) return;
  easeQuestions(main);
  keepDrafts(main);
  watchTime(main, enhance);
  submitInPlace(main, enhance);
}

// A page from the browser's memory may show what is no longer so.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
// The back button leads to another page; a link to a field of this one is a step in the history, too.
window.addEventListener("popstate", () => {
  if (location.pathname !== shownPath()) location.reload();
});
enhance();
