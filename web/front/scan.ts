// Scanning a tag: with the camera where the browser can read codes (BarcodeDetector), and from a keyboard-wedge
// scanner anywhere on a page, which types faster than people do and ends with Enter.
interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}
declare const BarcodeDetector: { new (): Detector } | undefined;

const look = (code: string) => location.assign("/search?go=1&q=" + encodeURIComponent(code.trim()));

export function scanner() {
  wedge();
  const button = document.querySelector<HTMLButtonElement>("[data-scan]");
  const sheet = document.querySelector<HTMLDialogElement>("#scan-sheet");
  if (!button || !sheet || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  button.hidden = false;
  button.addEventListener("click", () => void camera(sheet));
}

async function camera(sheet: HTMLDialogElement) {
  const video = sheet.querySelector("video")!;
  const said = sheet.querySelector<HTMLElement>("[data-said]")!;
  sheet.showModal();
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    said.textContent = "The camera could not be opened. Allow it for this site, or type the tag into the search box.";
    return;
  }
  const stop = () => stream.getTracks().forEach((t) => t.stop());
  sheet.addEventListener("close", stop, { once: true });
  video.srcObject = stream;
  await video.play();
  const detector = new BarcodeDetector!();
  while (sheet.open) {
    const [code] = await detector.detect(video).catch(() => []);
    if (code) {
      stop();
      look(code.rawValue);
      return;
    }
    await new Promise((done) => setTimeout(done, 150));
  }
}

// 35 ms between keys: scanners type at 1–20 ms a character, quick typists at 60 and more.
function wedge() {
  let typed = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.target !== document.body || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.timeStamp - last > 35) typed = "";
    last = event.timeStamp;
    if (event.key === "Enter" && typed.length >= 4) look(typed);
    else if (event.key.length === 1) typed += event.key;
  });
}
