// Send a step's form without reloading. What was typed is not lost when there is no connection.

import { forgetUnsaved } from "./drafts";
import { say, show } from "./page";

/** Answers that say “not now”: the form stays as it is. */
const NOT_NOW = new Set([429, 503]);

export function submitInPlace(main: HTMLElement, enhance: () => void): void {
  for (const form of main.querySelectorAll<HTMLFormElement>("form[data-step]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(form, event.submitter, enhance);
    });
  }
}

async function send(
  form: HTMLFormElement,
  submitter: HTMLElement | null,
  enhance: () => void,
): Promise<void> {
  if (form.dataset["sending"] === "yes") return;
  form.dataset["sending"] = "yes";
  say(form, "sending");
  mark(form, true);
  try {
    const answer = await fetch(target(form, submitter), { method: "POST", body: body(form, submitter) });
    const html = await answer.text();
    if (NOT_NOW.has(answer.status)) {
      say(form, "offline", reason(html));
    } else {
      forgetUnsaved();
      show(html, answer.url, enhance);
    }
  } catch {
    say(form, "offline");
  }
  form.dataset["sending"] = "no";
  mark(form, false);
}

function mark(form: HTMLFormElement, busy: boolean): void {
  for (const button of form.querySelectorAll("button")) {
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

function target(form: HTMLFormElement, submitter: HTMLElement | null): string {
  return submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href;
}

function body(form: HTMLFormElement, submitter: HTMLElement | null): FormData | URLSearchParams {
  const data = new FormData(form, submitter);
  if (form.enctype === "multipart/form-data" && submitter?.hasAttribute("formaction") !== true) return data;
  return texts(data);
}

/** Return the fields of a form that are no files. */
export function texts(data: FormData): URLSearchParams {
  const pairs = [...data].filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return new URLSearchParams(pairs);
}

function reason(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  return [...page.querySelectorAll("h1, .lead")].map((part) => part.textContent?.trim() ?? "").join(": ");
}
