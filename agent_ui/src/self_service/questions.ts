// Questions that are easier to answer with a script: counted characters, options that exclude others, own words,
// places of a ranking, where one is, a drawn signature.

import { letDraw } from "./signature";

export function easeQuestions(main: HTMLElement): void {
  for (const area of main.querySelectorAll("textarea")) countCharacters(area);
  for (const box of main.querySelectorAll<HTMLInputElement>("input[data-exclusive]")) exclude(box);
  for (const own of main.querySelectorAll<HTMLInputElement>("input[data-own]")) foldOwnWords(own);
  for (const list of main.querySelectorAll<HTMLOListElement>("ol.ranking")) moveByButtons(list);
  for (const line of main.querySelectorAll<HTMLInputElement>("input[data-locate]")) locate(line);
  for (const file of main.querySelectorAll<HTMLInputElement>("input[data-draw]")) letDraw(file);
}

function changed(element: Element): void {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = text;
  if (label !== text) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** Say how much room is left. More may be typed, so that nothing of a long paste is lost silently. */
function countCharacters(area: HTMLTextAreaElement): void {
  const most = area.maxLength;
  if (most <= 0) return;
  area.removeAttribute("maxlength");
  const line = document.createElement("p");
  line.className = "hint";
  line.setAttribute("role", "status");
  area.after(line);
  const tell = () => {
    const left = most - area.value.length;
    const text = left < 0 ? area.dataset["over"] : area.dataset["left"];
    line.classList.toggle("over", left < 0);
    line.textContent = left > most / 4 ? "" : (text ?? "").replace("%", String(Math.abs(left)));
  };
  let timer: number | undefined;
  area.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(tell, 500);
  });
  tell();
}

function exclude(alone: HTMLInputElement): void {
  const boxes = [
    ...(alone.closest("fieldset")?.querySelectorAll<HTMLInputElement>("input[type=checkbox]") ?? []),
  ];
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (!box.checked) return;
      for (const other of boxes) {
        if (other !== box && (box === alone || other === alone)) other.checked = false;
      }
    });
  }
}

/** Show the field for own words only while its option is chosen. */
function foldOwnWords(own: HTMLInputElement): void {
  const option = document.getElementById(own.dataset["own"] ?? "");
  const around = own.closest<HTMLElement>(".own");
  if (!(option instanceof HTMLInputElement) || around === null) return;
  const fold = () => {
    around.hidden = !option.checked;
  };
  own.closest("fieldset")?.addEventListener("change", fold);
  fold();
}

function moveByButtons(list: HTMLOListElement): void {
  const place = (item: Element) => item.querySelector("select");
  const sort = () => {
    const items = [...list.children];
    const at = (item: Element) => Number(place(item)?.value || items.length + 1);
    list.append(...items.toSorted((one, other) => at(one) - at(other)));
  };
  const number = () => {
    [...list.children].forEach((item, index) => {
      const select = place(item);
      if (select !== null) select.value = String(index + 1);
    });
    changed(list);
  };
  for (const item of [...list.children]) {
    const select = place(item);
    if (select === null) continue;
    const up = button("↑", select.dataset["up"] ?? "", () => {
      item.previousElementSibling?.before(item);
      number();
      up.focus();
    });
    const down = button("↓", select.dataset["down"] ?? "", () => {
      item.nextElementSibling?.after(item);
      number();
      down.focus();
    });
    item.append(up, down);
  }
  sort();
}

function locate(line: HTMLInputElement): void {
  if (!("geolocation" in navigator)) return;
  const told = document.createElement("p");
  told.className = "hint";
  told.setAttribute("role", "status");
  const text = line.dataset["locate"] ?? "";
  const find = button(text, text, () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        line.value = `${coords.latitude.toFixed(6)} ${coords.longitude.toFixed(6)}`;
        told.textContent = line.value;
        changed(line);
      },
      () => {
        told.textContent = line.dataset["locateFailed"] ?? "";
      },
      { timeout: 15_000 },
    );
  });
  line.after(find, told);
}
