// Times are written by the server relative to now, with UTC on hover; here the hover becomes the viewer's own zone.
export function localTimes(root: ParentNode) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const el of root.querySelectorAll<HTMLTimeElement>("time[datetime]:not([data-local])")) {
    const at = new Date(el.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    el.dataset.local = "1";
    el.title = format.format(at);
  }
}
