// Let a signature be drawn: with a pointer only, so the typed name beside it stays the way for everybody.

const INK = "#10222e";

export function letDraw(file: HTMLInputElement): void {
  const canvas = document.createElement("canvas");
  canvas.className = "drawing";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", file.dataset["draw"] ?? "");
  const heading = document.createElement("p");
  heading.className = "hint";
  heading.textContent = file.dataset["draw"] ?? "";
  const clear = document.createElement("button");
  clear.type = "button";
  clear.className = "quiet";
  clear.textContent = file.dataset["clear"] ?? "";
  file.after(heading, canvas, clear);
  canvas.width = Math.max(300, canvas.clientWidth) * 2;
  canvas.height = Math.max(120, canvas.clientHeight) * 2;
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.lineWidth = 4;
  pen.lineCap = "round";
  pen.strokeStyle = INK;
  draw(canvas, pen, () => keep(canvas, file));
  clear.addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    file.value = "";
  });
}

function draw(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D, drawn: () => void): void {
  let down = false;
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    return [x, y];
  };
  canvas.addEventListener("pointerdown", (event) => {
    down = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  canvas.addEventListener("pointerup", () => {
    down = false;
    drawn();
  });
}

function keep(canvas: HTMLCanvasElement, file: HTMLInputElement): void {
  canvas.toBlob((blob) => {
    if (blob === null) return;
    const picture = new DataTransfer();
    picture.items.add(new File([blob], "signature.png", { type: "image/png" }));
    file.files = picture.files;
  }, "image/png");
}
