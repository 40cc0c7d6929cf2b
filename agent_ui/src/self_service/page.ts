// Put another page of ours in the place of this one, and tell people where they are.

let shown = location.pathname;

/** Return the path of the page that is shown. */
export function shownPath(): string {
  return shown;
}

/** Where a page says what is going on. */
export function say(
  form: Element,
  state: "saved" | "sending" | "offline" | "unsaved" | "",
  text?: string,
): void {
  const line = form.querySelector<HTMLElement>(".kept-state");
  if (line === null) return;
  line.dataset["state"] = state;
  line.textContent = text ?? (state === "" ? "" : (line.dataset[state] ?? ""));
}

/** Show a page that was fetched. Its parts replace ours, so that scripts and style sheets stay. */
export function show(html: string, url: string, then: () => void): void {
  const fetched = new DOMParser().parseFromString(html, "text/html");
  const main = fetched.querySelector("main");
  const here = document.querySelector("main");
  if (main === null || here === null) {
    location.assign(url);
    return;
  }
  document.title = fetched.title;
  document.documentElement.lang = fetched.documentElement.lang;
  main.querySelector("[autofocus]")?.removeAttribute("autofocus"); // the focus is set below
  here.replaceWith(document.adoptNode(main));
  document.querySelector("nav.ways")?.remove();
  const ways = fetched.querySelector("nav.ways");
  if (ways !== null) main.after(document.adoptNode(ways));
  history.pushState(null, "", url.replace(/#.*$/, ""));
  shown = location.pathname;
  then();
  focusOn(main);
}

function focusOn(main: HTMLElement): void {
  const target = main.querySelector<HTMLElement>("#errors") ?? main.querySelector<HTMLElement>("h1") ?? main;
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}
