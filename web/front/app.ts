// The shell's behaviours. Every page works without this file; with it, it is quicker to use.
import "htmx.org/dist/htmx.esm.js";
import { commandBox } from "./command";
import { scanner } from "./scan";
import { localTimes } from "./times";

// Each element once, however often a part of its page is swapped.
const fresh = <E extends HTMLElement>(root: ParentNode, selector: string) =>
  [...root.querySelectorAll<E>(selector)].filter((el) => !el.dataset.live && (el.dataset.live = "1"));

const enhance = (root: ParentNode) => {
  localTimes(root);
  for (const form of fresh<HTMLFormElement>(root, "form[data-auto-submit]")) {
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelector<HTMLElement>("[data-no-script]")?.setAttribute("hidden", "");
  }
  for (const box of fresh<HTMLInputElement>(root, "input[data-check-all]")) {
    box.addEventListener("change", () => {
      for (const other of document.querySelectorAll<HTMLInputElement>(`input[name="${box.dataset.checkAll}"]`)) {
        other.checked = box.checked;
      }
    });
  }
  for (const button of fresh<HTMLButtonElement>(root, "button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy ?? "");
      button.textContent = "Copied";
    });
  }
};

// A form that was sent once is not sent again by a second, nervous click.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("htmx:after:swap", () => enhance(document));

// What is asked for in brief opens at the side once it is there. The click is what counts: Safari gives a link that is
// pressed no focus.
const side = document.querySelector<HTMLElement>("#side");
let asked = false;
document.addEventListener("click", (event) => (asked = !!(event.target as Element).closest?.("[data-side]")), true);
if (side) {
  new MutationObserver(() => {
    if (!asked || side.childElementCount === 0) return;
    asked = false;
    if (!side.matches(":popover-open")) side.showPopover();
  }).observe(side, { childList: true });
}
enhance(document);
commandBox();
scanner();
