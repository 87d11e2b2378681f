// The roadmap as a picture that can be moved: drag a bar or its end, or move it by the arrow keys. The server draws, and
// says what moves with it: while a bar is dragged the others are shown where they would lie, and when it is let go the
// whole page's content comes back from the server with the way to undo it. Without script the table does the same.
const day = 86_400_000;
const number = (d: string) => Date.parse(d + "T00:00:00Z") / day;
const text = (n: number) => new Date(n * day).toISOString().slice(0, 10);

const live = document.createElement("p");
live.className = "visually-hidden";
live.setAttribute("role", "status");
document.body.append(live);

const bars = () => [...document.querySelectorAll<SVGAElement>("svg.gantt[data-may] a[data-task]")];
const picture = (bar: Element) => bar.closest<SVGSVGElement>("svg.gantt")!;
const perDay = (bar: Element) => Number(picture(bar).dataset.perday);

// shift draws a bar elsewhere until it is let go: later moves it, longer changes its end.
function shift(bar: SVGAElement, later: number, longer: number) {
  const scale = perDay(bar);
  bar.setAttribute("transform", `translate(${later * scale} 0)`);
  const ghost = ghosts(bar);
  ghost.replaceChildren();
  if (longer) ghost.append(outline(bar, number(bar.dataset.start!) + later, Math.max(number(bar.dataset.end!) + later + longer, number(bar.dataset.start!) + later)));
}

const ghosts = (bar: Element) => picture(bar).querySelector<SVGGElement>(".gantt-ghosts")!;

// outline is the empty bar that shows where a task would lie.
function outline(bar: SVGAElement, start: number, end: number) {
  const svg = picture(bar);
  const scale = perDay(bar);
  const hit = bar.querySelector<SVGRectElement>(".gantt-hit")!;
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("class", "gantt-ghost");
  rect.setAttribute("x", String((start - number(svg.dataset.from!)) * scale));
  rect.setAttribute("y", String(hit.y.baseVal.value + 2));
  rect.setAttribute("width", String(Math.max((end - start + 1) * scale, 4)));
  rect.setAttribute("height", String(hit.height.baseVal.value - 4));
  return rect;
}

let asking: AbortController | undefined;
// preview asks where the others would lie and draws them there.
async function preview(bar: SVGAElement, what: Record<string, string>) {
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`/program/roadmap/tasks/${bar.dataset.task}/move?${new URLSearchParams(what)}`, { signal: asking.signal });
    if (!answer.ok) return;
    const moves = (await answer.json()) as { id: string; start: string; end: string }[];
    const all = new Map(bars().map((b) => [b.dataset.task, b]));
    const group = ghosts(bar);
    group.replaceChildren();
    for (const m of moves) {
      const other = all.get(m.id);
      if (other && (other !== bar || what.end)) group.append(outline(other, number(m.start), number(m.end)));
    }
  } catch {
    // The next step of the drag asks again.
  }
}

// send moves a task for good.
async function send(bar: SVGAElement, what: Record<string, string>) {
  asking?.abort();
  const id = bar.dataset.task!;
  const scale = picture(bar).dataset.scale ?? "";
  const scroll = bar.closest<HTMLElement>(".gantt-scroll")!.scrollLeft;
  const body = new URLSearchParams({ ...what, version: bar.dataset.version!, scale });
  const answer = await fetch(`/program/roadmap/tasks/${id}/move`, { method: "POST", headers: { "HX-Request": "true" }, body }).catch(() => undefined);
  const html = answer ? await answer.text() : "";
  const page = new DOMParser().parseFromString(html, "text/html");
  const next = page.querySelector("#roadmap");
  if (!answer?.ok || !next) {
    reset(bar);
    tell(page.querySelector(".note")?.textContent?.trim() || "The move did not reach the server. Nothing was changed.");
    return;
  }
  document.querySelectorAll("[data-gantt-note]").forEach((n) => n.remove());
  document.querySelectorAll("main .note").forEach((n) => n.closest("#roadmap") || n.remove()); // an older message, with an older undo
  document.querySelector("#roadmap")!.replaceWith(document.adoptNode(next));
  document.dispatchEvent(new Event("htmx:after:swap"));
  const again = bars().find((b) => b.dataset.task === id);
  if (again) {
    again.closest<HTMLElement>(".gantt-scroll")!.scrollLeft = scroll;
    again.focus({ preventScroll: true });
  }
  live.textContent = document.querySelector("#roadmap .note .body")?.textContent ?? "";
}

function reset(bar: SVGAElement) {
  bar.removeAttribute("transform");
  ghosts(bar).replaceChildren();
}

// tell shows what went wrong, with what the server said.
function tell(message: string) {
  document.querySelectorAll("[data-gantt-note]").forEach((n) => n.remove());
  const note = document.createElement("div");
  note.className = "note bad";
  note.dataset.ganttNote = "yes";
  note.setAttribute("role", "alert");
  note.append(Object.assign(document.createElement("div"), { className: "body", textContent: message }));
  document.querySelector("#gantt")?.before(note);
}

// where a bar would lie, as the server is told.
const wanted = (bar: SVGAElement, later: number, longer: number): Record<string, string> =>
  longer ? { end: text(Math.max(number(bar.dataset.end!) + longer, number(bar.dataset.start!))) } : { start: text(number(bar.dataset.start!) + later) };

// Dragging.
let drag: { bar: SVGAElement; x: number; grip: boolean; days: number; pointer: number } | undefined;
let dragged = false;

document.addEventListener("pointerdown", (event) => {
  const bar = (event.target as Element).closest?.<SVGAElement>("svg.gantt[data-may] a[data-task]");
  dragged = false;
  if (!bar || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  // A finger moves a bar by the bar itself; beside it, it scrolls the picture.
  if (event.pointerType === "touch" && !(event.target as Element).matches(".body, .grip")) return;
  drag = { bar, x: event.clientX, grip: (event.target as Element).classList.contains("grip"), days: 0, pointer: event.pointerId };
});
document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  const svg = picture(drag.bar);
  const shown = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; // the picture may be drawn smaller
  const days = Math.round((event.clientX - drag.x) / (perDay(drag.bar) * shown));
  if (Math.abs(event.clientX - drag.x) > (event.pointerType === "touch" ? 8 : 3)) dragged = true;
  if (days === drag.days) return;
  drag.days = days;
  svg.classList.add("dragging");
  const later = drag.grip ? 0 : days;
  const longer = drag.grip ? days : 0;
  shift(drag.bar, later, longer);
  if (days) void preview(drag.bar, wanted(drag.bar, later, longer));
  else asking?.abort();
});
const drop = (event: PointerEvent) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  const { bar, days, grip } = drag;
  drag = undefined;
  picture(bar).classList.remove("dragging");
  if (event.type === "pointercancel" || !days) reset(bar);
  else void send(bar, wanted(bar, grip ? 0 : days, grip ? days : 0));
};
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);
document.addEventListener("dragstart", (event) => {
  if ((event.target as Element).closest?.("svg.gantt")) event.preventDefault();
});
// A bar that was dragged is not opened.
document.addEventListener(
  "click",
  (event) => {
    if (dragged && (event.target as Element).closest?.("svg.gantt a")) event.preventDefault();
    dragged = false;
  },
  true,
);

// The keyboard: presses are gathered, and sent when the hand rests.
let keys: { bar: SVGAElement; later: number; longer: number; timer: number } | undefined;
const rest = 450; // milliseconds

function flush() {
  if (!keys) return;
  const { bar, later, longer, timer } = keys;
  clearTimeout(timer);
  keys = undefined;
  if (later || longer) void send(bar, { later: String(later), longer: String(longer) });
  else reset(bar);
}
document.addEventListener("keydown", (event) => {
  const bar = (event.target as Element).closest?.<SVGAElement>("svg.gantt[data-may] a[data-task]");
  if (event.key === "Escape" && drag) {
    reset(drag.bar);
    drag = undefined;
    dragged = true;
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && (bar || document.activeElement === document.body)) {
    const undo = document.querySelector<HTMLElement>(".note form button");
    if (undo) {
      event.preventDefault();
      undo.click();
    }
    return;
  }
  if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    flush();
    const all = bars();
    all[all.indexOf(bar) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  if (event.key === "Escape" && keys) {
    clearTimeout(keys.timer);
    keys = undefined;
    reset(bar);
    return;
  }
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  if (keys && keys.bar !== bar) flush();
  keys ??= { bar, later: 0, longer: 0, timer: 0 };
  const step = event.key === "ArrowRight" ? 1 : -1;
  if (!event.shiftKey) keys.later += step;
  else if (!bar.dataset.milestone) keys.longer += step;
  shift(bar, keys.later, keys.longer);
  clearTimeout(keys.timer);
  keys.timer = window.setTimeout(flush, rest);
});
document.addEventListener("focusout", (event) => {
  if (keys && event.target === keys.bar) flush();
});
// A picture wider than the page begins with today a third in from the left.
for (const box of document.querySelectorAll<HTMLElement>(".gantt-scroll")) {
  const today = box.querySelector<SVGLineElement>(".gantt-today")?.x1.baseVal.value;
  if (today && box.scrollWidth > box.clientWidth) box.scrollLeft = today - box.clientWidth / 3;
}
document.body.dataset.gantt = "live";
