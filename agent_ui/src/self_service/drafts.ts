// Keep half-filled forms on the server at keystroke pauses, and warn before losing what is not kept yet.

import { say } from "./page";
import { texts } from "./submit";

const PAUSE_MS = 800;

let unsaved = false;

/** Nothing is to be lost any more. */
export function forgetUnsaved(): void {
  unsaved = false;
}

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

export function keepDrafts(main: HTMLElement): void {
  for (const form of main.querySelectorAll<HTMLFormElement>("form[data-draft]")) keepDraft(form);
}

function keepDraft(form: HTMLFormElement): void {
  let timer: number | undefined;
  const address = form.dataset["draft"] ?? "";
  const later = () => {
    unsaved = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void save(form, address), PAUSE_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("submit", () => {
    window.clearTimeout(timer);
    unsaved = false;
  });
}

async function save(form: HTMLFormElement, address: string): Promise<void> {
  if (!form.isConnected || form.dataset["sending"] === "yes") return;
  const data = texts(new FormData(form));
  try {
    const answer = await fetch(address, { method: "POST", body: data });
    if (form.dataset["sending"] === "yes") return;
    if (answer.ok) unsaved = texts(new FormData(form)).toString() !== data.toString();
    say(form, answer.ok ? "saved" : "unsaved");
  } catch {
    say(form, "unsaved");
  }
}
