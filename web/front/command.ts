// The command box: Ctrl-K or / goes to it, arrows walk the hits, Enter opens the chosen one.
// The hits come from the server (htmx on the input); without script the form opens the search page.
export function commandBox() {
  const input = document.querySelector<HTMLInputElement>("#search-input");
  const results = document.querySelector<HTMLElement>("#search-results");
  if (!input || !results) return;

  const typing = (el: EventTarget | null) => el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));
  document.addEventListener("keydown", (event) => {
    const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing(event.target));
    if (!wanted) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  const choose = (step: number) => {
    const hits = [...results.querySelectorAll<HTMLElement>(".hit")];
    if (hits.length === 0) return;
    const at = hits.findIndex((h) => h.getAttribute("aria-selected") === "true");
    const next = (at + step + hits.length) % hits.length;
    hits.forEach((h, i) => h.setAttribute("aria-selected", String(i === next)));
    hits[next].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", hits[next].id);
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const hit = results.querySelector<HTMLAnchorElement>('.hit[aria-selected="true"]');
      if (hit) {
        event.preventDefault();
        hit.click();
      }
    } else if (event.key === "Escape") {
      input.blur();
    }
  });
  const mark = () => input.setAttribute("aria-expanded", String(results.childElementCount > 0));
  new MutationObserver(mark).observe(results, { childList: true });
}
