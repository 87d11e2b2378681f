// Deciding by keyboard: j and k go through the rows of a queue, 1 to 9 press the answers of the row, x ticks it, o
// opens the device, u undoes what was done last. After an answer the page comes back at the same place, where the
// next row stands now.
const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
const place = "pons-row:" + location.pathname;
let at = -1;

const go = (i: number, focus = true) => {
  if (!rows.length) return;
  at = Math.max(0, Math.min(rows.length - 1, i));
  for (const row of rows) row.removeAttribute("aria-current");
  rows[at].setAttribute("aria-current", "true");
  if (focus) rows[at].focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
};

const typing = (el: EventTarget | null) => el instanceof HTMLElement && (el.isContentEditable || el.matches("input:not([type=checkbox]), textarea, select"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  const row = rows[at];
  const press = (el: HTMLElement | null | undefined) => {
    if (!el) return;
    event.preventDefault();
    el.click();
  };
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    go(event.key === "j" ? at + 1 : Math.max(0, at - 1));
  } else if (/^[1-9]$/.test(event.key)) {
    press(row?.querySelectorAll<HTMLElement>("[data-choice]")[Number(event.key) - 1]);
  } else if (event.key === "x") {
    press(row?.querySelector<HTMLElement>("input[type=checkbox]"));
  } else if (event.key === "o") {
    press(row?.querySelector<HTMLElement>("[data-open]"));
  } else if (event.key === "u") {
    press(document.querySelector<HTMLElement>(".note form button"));
  }
});

for (const [i, row] of rows.entries()) {
  row.addEventListener("focusin", () => {
    if (at !== i) go(i, false);
  });
  row.addEventListener("submit", () => sessionStorage.setItem(place, String(i)));
}
document.addEventListener("submit", (event) => {
  if ((event.target as HTMLElement).closest(".note")) sessionStorage.setItem(place, String(Math.max(0, at)));
});

// Where there is no room beside the rows, what narrows them is folded away.
if (matchMedia("(max-width: 991px)").matches) document.querySelector(".facets-fold")?.removeAttribute("open");

document.querySelector("[data-keys]")?.toggleAttribute("hidden", !document.querySelector("[data-choice]"));
const kept = sessionStorage.getItem(place);
sessionStorage.removeItem(place);
if (kept !== null) go(Number(kept));
document.body.dataset.keys = "live";
