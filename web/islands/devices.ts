// The device list and page, quicker: suggestions in the query box, rows that open beside the list, keys. All of it
// works without this file: the query box asks, names are links, the column boxes are a form.
// / goes to the query box, j and k (or the arrows) walk the rows, Enter opens one beside the list, o opens its page,
// x selects it.

const typing = (el: EventTarget | null) => el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));
const part = (url: string) => fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });

// --- the panel beside the list

const side = document.querySelector<HTMLElement>("#side");
let opened: HTMLElement | null = null;
let asked = 0;

async function openPanel(row: HTMLElement) {
  if (!side || !row.dataset.panel) return;
  const turn = ++asked;
  opened?.removeAttribute("aria-selected");
  opened = row;
  row.setAttribute("aria-selected", "true");
  const answer = await part(row.dataset.panel);
  if (turn !== asked) return; // another row was asked for meanwhile
  if (answer.status === 401) return location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
  side.innerHTML = await answer.text(); // made by this server, where all text is escaped
  document.dispatchEvent(new CustomEvent("htmx:after:swap"));
  if (!side.matches(":popover-open")) side.showPopover();
}

side?.addEventListener("toggle", (event) => {
  if ((event as ToggleEvent).newState === "closed") {
    opened?.removeAttribute("aria-selected");
    opened?.querySelector<HTMLElement>("th a")?.focus();
    opened = null;
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const row = target.closest<HTMLElement>("tr[data-panel]");
  if (!row || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = target.closest("a");
  if (target.closest("input, button, label, .tick") || (link && !link.parentElement?.matches("th"))) return;
  if (!link && getSelection()?.toString()) return; // somebody marks text
  if (matchMedia("(max-width: 767px)").matches) {
    if (!link) row.querySelector<HTMLElement>("th a")?.click();
    return; // on a narrow screen the page itself is the panel
  }
  event.preventDefault();
  void openPanel(row);
});

// --- walking the rows

const rows = () => [...document.querySelectorAll<HTMLElement>("table[data-rows] tbody tr")];
const current = () => document.querySelector<HTMLElement>("tr.at") ?? (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("tr[data-panel]") ?? null;

function walk(step: number) {
  const all = rows();
  if (all.length === 0) return;
  const from = current();
  const at = from ? all.indexOf(from) : step > 0 ? -1 : all.length;
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  from?.classList.remove("at");
  next.classList.add("at");
  next.querySelector<HTMLElement>("th a")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  if (side?.matches(":popover-open")) void openPanel(next);
}

const box = document.querySelector<HTMLInputElement>("#device-query");

document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const row = current();
    const query = document.querySelector<HTMLInputElement>("#device-query");
    switch (event.key) {
      case "/":
        if (!query) return;
        query.focus();
        query.select();
        break;
      case "j":
      case "ArrowDown":
        if (event.key === "ArrowDown" && !row) return;
        walk(1);
        break;
      case "k":
      case "ArrowUp":
        if (event.key === "ArrowUp" && !row) return;
        walk(-1);
        break;
      case "Enter":
        if (!row || (event.target as HTMLElement).closest("button, .side, summary") || matchMedia("(max-width: 767px)").matches) return;
        if (opened === row) location.assign(row.querySelector<HTMLAnchorElement>("th a")!.href);
        else void openPanel(row);
        break;
      case "o":
        if (!row) return;
        location.assign(row.querySelector<HTMLAnchorElement>("th a")!.href);
        break;
      case "x":
        row?.querySelector<HTMLInputElement>('input[name="id"]')?.click();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true, // before the command box, which takes / on other pages
);

// --- suggestions

function suggestions(input: HTMLInputElement, list: HTMLElement) {
  let turn = 0;
  let timer = 0;
  const hits = () => [...list.querySelectorAll<HTMLElement>(".hit")];
  const chosen = () => list.querySelector<HTMLElement>('.hit[aria-selected="true"]');
  const show = (on: boolean) => {
    list.hidden = !on || list.childElementCount === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) input.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    const mine = ++turn;
    const caret = [...input.value.slice(0, input.selectionStart ?? input.value.length)].length;
    const answer = await part("/devices/suggest?caret=" + caret + "&q=" + encodeURIComponent(input.value));
    if (mine !== turn || !answer.ok) return;
    list.innerHTML = await answer.text();
    show(document.activeElement === input);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), 90);
  };
  const take = (hit: HTMLElement) => {
    input.value = hit.dataset.whole ?? input.value;
    const caret = [...input.value].slice(0, Number(hit.dataset.caret)).join("").length;
    input.setSelectionRange(caret, caret);
    input.focus();
    soon();
  };
  input.addEventListener("input", soon);
  input.addEventListener("focus", soon);
  input.addEventListener("blur", () => setTimeout(() => show(false), 150));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the keyboard stays in the box
  list.addEventListener("click", (event) => {
    const hit = (event.target as HTMLElement).closest<HTMLElement>(".hit");
    if (!hit || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    take(hit);
  });
  input.addEventListener("keydown", (event) => {
    const all = hits();
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden && all.length > 0) {
      event.preventDefault();
      const at = all.findIndex((h) => h === chosen());
      const next = event.key === "ArrowDown" ? (at + 1) % all.length : (at - 1 + all.length + (at < 0 ? 1 : 0)) % all.length;
      all.forEach((h, i) => h.setAttribute("aria-selected", String(i === next)));
      all[next].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", all[next].id);
    } else if (event.key === "Tab" && !event.shiftKey && !list.hidden && all.length > 0 && input.selectionStart === input.value.length && input.value !== "") {
      event.preventDefault();
      take(chosen() ?? all[0]);
    } else if (event.key === "Enter" && chosen() && !list.hidden) {
      event.preventDefault();
      take(chosen()!);
    } else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      else show(false);
      event.preventDefault();
    }
  });
}

function enhance() {
  const input = document.querySelector<HTMLInputElement>("#device-query:not([data-live])");
  const list = document.querySelector<HTMLElement>("#query-suggestions");
  if (input && list) {
    input.dataset.live = "1";
    suggestions(input, list);
  }
  for (const fold of document.querySelectorAll<HTMLDetailsElement>("details.facets-fold:not([data-live])")) {
    fold.dataset.live = "1";
    if (matchMedia("(max-width: 991px)").matches) fold.open = false;
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-print][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  document.querySelector<HTMLElement>(".edit-form [name=value], .edit-form select")?.focus();
}

document.addEventListener("htmx:after:swap", enhance);
enhance();
if (box && location.hash === "#ask") box.focus();
