// Moving a source by dragging it: the page is asked for the new order, as by the arrows, so that what it would change
// is shown before anything is kept.
for (const list of document.querySelectorAll<HTMLElement>("[data-order]")) {
  let dragged: HTMLElement | null = null;
  const before = kinds(list).join();
  list.addEventListener("dragstart", (event) => {
    dragged = (event.target as HTMLElement).closest<HTMLElement>("[draggable]");
    dragged?.classList.add("dragged");
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = (event.target as HTMLElement).closest<HTMLElement>("[draggable]");
    if (!dragged || !over) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    if (kinds(list).join() === before) return;
    const to = new URL(list.dataset.order!, location.href);
    for (const kind of kinds(list)) to.searchParams.append("order", kind);
    location.assign(to);
  });
}

function kinds(list: HTMLElement) {
  return [...list.querySelectorAll<HTMLElement>("[data-kind]")].map((li) => li.dataset.kind!);
}
