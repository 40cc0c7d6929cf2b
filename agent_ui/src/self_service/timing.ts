// Time: warn before answers are given up, tell when a time limit is near, look again while a service is being asked.

import { say, show } from "./page";

/** Before answers are given up. */
const WARN_SECONDS = 120;
const LOOK_AGAIN_MS = 1500;
/** The longest a browser's timer can run. */
const LONGEST_MS = 2_147_483_647;

export function watchTime(main: HTMLElement, enhance: () => void): void {
  const form = main.querySelector<HTMLFormElement>("form.more-time");
  const seconds = Number(form?.dataset["seconds"] ?? 0);
  if (form !== null && seconds > 0) {
    after(main, seconds - WARN_SECONDS, () => {
      form.hidden = false;
    });
  }
  const limited = main.querySelector<HTMLFormElement>("form[data-limit]");
  if (limited !== null) limit(main, limited, Number(limited.dataset["limit"]));
  const again = main.querySelector<HTMLAnchorElement>("a[data-again]");
  if (again !== null) window.setTimeout(() => void look(main, again.href, enhance), LOOK_AGAIN_MS);
}

/** The question whose time was up last: a page that nobody looks at must not be answered again and again. */
let timeWasUp = "";

function limit(main: HTMLElement, form: HTMLFormElement, seconds: number): void {
  const question = form.querySelector("[name^='a.']")?.getAttribute("name") ?? "";
  if (!(seconds > 0) || question === timeWasUp) return;
  after(main, Math.max(seconds - 30, seconds / 2), () => {
    const told = form.querySelector<HTMLElement>(".limit");
    if (told === null) return;
    told.dataset["soon"] = "yes";
    say(form, "", told.firstChild?.textContent?.trim());
  });
  after(main, seconds, () => {
    timeWasUp = question;
    const button = document.createElement("button");
    button.name = "action";
    button.value = "time-up";
    button.hidden = true;
    form.append(button);
    form.requestSubmit(button);
  });
}

/** Do something later, unless another page is shown by then. */
function after(main: HTMLElement, seconds: number, act: () => void): void {
  window.setTimeout(
    () => {
      if (main.isConnected) act();
    },
    Math.min(Math.max(seconds, 0) * 1000, LONGEST_MS),
  );
}

async function look(main: HTMLElement, url: string, enhance: () => void): Promise<void> {
  if (!main.isConnected) return;
  try {
    const answer = await fetch(url);
    const html = await answer.text();
    const state = new DOMParser().parseFromString(html, "text/html").querySelector("main")?.dataset["page"];
    if (main.isConnected && state !== main.dataset["page"]) show(html, answer.url, enhance);
  } catch {
    // There is no connection; the next look may find one.
  }
  window.setTimeout(() => void look(main, url, enhance), LOOK_AGAIN_MS);
}
