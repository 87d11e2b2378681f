// The plan answers while it is changed: what a field or a slider says is computed on the server without being saved,
// and the result at the side moves. Without this, the form is sent by its button and the result comes with the page.
const form = document.querySelector<HTMLFormElement>("form[data-plan]");
if (form) live(form);
for (const box of document.querySelectorAll<HTMLElement>("[data-filter]")) filter(box);

// A narrow window shows the figures only, until somebody asks for more.
if (matchMedia("(max-width: 899px)").matches) for (const more of document.querySelectorAll<HTMLDetailsElement>("#plan-panel > details")) more.open = false;

type Input = HTMLInputElement | HTMLSelectElement;

function live(form: HTMLFormElement) {
  const initial = read(form);
  let running: AbortController | null = null;
  let timer = 0;
  let leaving = false;

  for (const slide of form.querySelectorAll<HTMLElement>("[data-slide]")) {
    const range = slide.querySelector<HTMLInputElement>("input")!;
    const field = form.elements.namedItem(slide.dataset.slide!) as HTMLInputElement | null;
    if (!field || field.disabled || field.matches(":disabled")) continue;
    slide.hidden = false;
    range.addEventListener("input", () => {
      field.value = written(range.valueAsNumber, range.step) + (slide.dataset.unit ? " " + slide.dataset.unit : "");
      changed(60);
    });
    field.addEventListener("input", () => {
      const n = Number.parseFloat(field.value.replace(/,/g, ""));
      if (Number.isFinite(n)) range.value = String(n);
    });
  }
  form.addEventListener("input", (event) => {
    const on = event.target as Input;
    if (on.hasAttribute("data-live")) changed(on.type === "checkbox" ? 60 : 250);
  });
  form.addEventListener("submit", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && differs()) event.preventDefault();
  });

  function differs() {
    return read(form).toString() !== initial.toString();
  }

  function changed(wait: number) {
    form.querySelector<HTMLElement>("[data-unsaved]")!.hidden = !differs();
    clearTimeout(timer);
    timer = window.setTimeout(tryIt, wait);
  }

  async function tryIt() {
    running?.abort();
    const mine = (running = new AbortController());
    const now = read(form);
    const body = new URLSearchParams({ step: form.dataset.step! });
    for (const name of new Set(now.keys())) {
      if (name === "version" || name.startsWith("new:")) continue;
      if (now.getAll(name).join("\n") !== initial.getAll(name).join("\n") || name.startsWith("kind:") || now.has("kind:" + name.replace(/\.[a-z_]+$/, ""))) {
        for (const value of now.getAll(name)) body.append(name, value);
      }
    }
    try {
      const answer = await fetch(form.dataset.plan!, { method: "POST", body, signal: mine.signal, headers: { "HX-Request": "true" } });
      if (answer.ok || answer.status === 422) show(await answer.text());
    } catch (problem) {
      if ((problem as Error).name !== "AbortError") console.warn("the plan could not be tried", problem);
    }
  }

  function show(html: string) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const panel = document.querySelector("#plan-panel");
    const open = [...(panel?.querySelectorAll("details") ?? [])].map((d) => d.open);
    for (const part of fresh.querySelectorAll<HTMLElement>("#plan-panel, [data-swap][id]")) {
      document.getElementById(part.id)?.replaceWith(document.adoptNode(part));
    }
    document.querySelectorAll<HTMLDetailsElement>("#plan-panel details").forEach((d, i) => (d.open = open[i] ?? d.open));
    for (const field of form.querySelectorAll<HTMLElement>("[data-tried]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("data-tried");
      field.removeAttribute("title");
    }
    for (const wrong of document.querySelectorAll<HTMLElement>("#plan-panel [data-path]")) {
      const path = wrong.dataset.path!;
      const field = document.getElementById("f-" + path) ?? document.getElementById("f-" + path + ".mode");
      if (!field) continue;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("data-tried", "");
      field.title = wrong.textContent ?? "";
    }
  }
}

function read(form: HTMLFormElement) {
  const out = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") out.append(name, value);
  return out;
}

// written is a number as the fields write it, with no more decimals than the slider's step has.
function written(n: number, step: string) {
  const decimals = step.split(".")[1]?.length ?? 0;
  return n.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

function filter(box: HTMLElement) {
  const rows = document.getElementById(box.dataset.filter!);
  const input = box.querySelector<HTMLInputElement>("input")!;
  if (!rows) return;
  box.hidden = false;
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows.querySelectorAll<HTMLElement>("[data-name]")) {
      const text = row.dataset.name!.toLowerCase();
      row.hidden = !words.every((w) => text.includes(w));
    }
    for (const group of rows.querySelectorAll<HTMLDetailsElement>("details.plan-group")) {
      group.hidden = !group.querySelector("[data-name]:not([hidden])");
      if (words.length) group.open = true;
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
