// Choosing a file by dropping it, and seeing how far its upload is. Without this, the browser sends the form itself.
const form = document.querySelector<HTMLFormElement>("form[data-upload]");
if (form) enhance(form);

const size = (n: number) => (n < 1e6 ? `${Math.round(n / 1e3)} KB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`);

function enhance(form: HTMLFormElement) {
  const input = form.querySelector<HTMLInputElement>("input[type=file]")!;
  const box = form.querySelector<HTMLElement>("[data-upload-progress]")!;
  const problem = form.querySelector<HTMLElement>(".error")!;
  const button = form.querySelector<HTMLButtonElement>("button")!;
  form.querySelector<HTMLElement>("[data-drop-hint]")!.hidden = false;

  const over = (on: boolean) => form.classList.toggle("over", on);
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      over(true);
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget as Node)) over(false);
  });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (!event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });

  form.addEventListener("submit", (event) => {
    const file = input.files?.[0];
    if (!file) return;
    event.preventDefault();
    say("");
    if (file.size > Number(form.dataset.limit)) {
      say(`${file.name} is larger than 2 GB. Import it on the server with “pons import”, or split it.`);
      return;
    }
    send(file);
  });

  function say(text: string) {
    problem.textContent = text;
    input.toggleAttribute("aria-invalid", text !== "");
  }

  function send(file: File) {
    const request = new XMLHttpRequest();
    const label = document.createElement("div");
    label.setAttribute("role", "status");
    const bar = document.createElement("progress");
    bar.max = file.size;
    bar.setAttribute("aria-label", "Upload of " + file.name);
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "btn btn-small";
    stop.textContent = "Cancel";
    stop.addEventListener("click", () => request.abort());
    box.replaceChildren(label, bar, stop);
    box.hidden = false;
    button.disabled = true;
    const end = (text: string) => {
      box.hidden = true;
      button.disabled = false;
      say(text);
    };
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.loaded;
      label.textContent = event.loaded < event.total ? `${file.name}: ${size(event.loaded)} of ${size(event.total)}` : `${file.name}: arrived, the columns are being recognised`;
    });
    request.addEventListener("load", () => {
      if (request.status < 400 && new URL(request.responseURL).pathname !== location.pathname) {
        location.assign(request.responseURL);
        return;
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      end((page.querySelector("#f-file-error span") ?? page.querySelector(".state p"))?.textContent ?? "The server did not take the file.");
    });
    request.addEventListener("error", () => end("The connection broke. Nothing of the file was kept; send it again."));
    request.addEventListener("abort", () => end("The upload was cancelled. Nothing of it was kept."));
    const body = new FormData();
    body.append("file", file, file.name);
    request.open("POST", form.action);
    request.send(body);
  }
}
