// The map of who talks with whom: groups of devices, and the devices of groups that are open, on a canvas. Where things lie
// is worked out here and is the same each time: groups push each other away and are pulled together by what they say to
// each other, the devices of an open group lie in a spiral within it. The table below says the same.
// By its own path: a name out of echarts/charts would put the graph into what every page with a chart loads.
import { install as GraphChart } from "echarts/lib/chart/graph/install.js";
import { AriaComponent, TooltipComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([GraphChart, AriaComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

interface Spot {
  n: string;
  g?: string;
  k: "device" | "unknown" | "internet" | "group" | "outside";
  d: number;
  b: number;
  h?: string;
}
interface Arc {
  f: number;
  t: number;
  b: number;
  p: number;
  s: string;
  h: string;
}
interface Picture {
  title: string;
  spots: Spot[];
  arcs: Arc[];
}
interface Island {
  x: number;
  y: number;
  r: number;
  members: number[];
  label?: string;
}

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
const colour = (token: string) => {
  probe.style.color = `var(--pons-${token})`;
  return getComputedStyle(probe).color;
};
const number = new Intl.NumberFormat();
const size = (n: number) => (n < 1e3 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(0)} KB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`);

const radius = (spot: Spot) => (spot.g !== undefined ? 5 + Math.min(9, Math.log10(spot.b + 1)) : 9 + Math.min(26, 5 * Math.log2(spot.d + 1)));
const golden = Math.PI * (3 - Math.sqrt(5));

// islands are what is laid out: each closed group by itself, each open one with its devices.
function islands(picture: Picture): Island[] {
  const out: Island[] = [];
  const open = new Map<string, Island>();
  picture.spots.forEach((spot, i) => {
    if (spot.g === undefined) {
      out.push({ x: 0, y: 0, r: radius(spot) + 14, members: [i] });
      return;
    }
    let island = open.get(spot.g);
    if (!island) {
      island = { x: 0, y: 0, r: 0, members: [], label: spot.g };
      open.set(spot.g, island);
      out.push(island);
    }
    island.members.push(i);
  });
  for (const island of open.values()) island.r = 24 * Math.sqrt(island.members.length) + 26;
  return out;
}

// arrange finds places: a spring for each pair of islands that talk, a push between all, no two on each other.
function arrange(picture: Picture, aspect: number): [Island[], { x: number; y: number }[]] {
  const all = islands(picture);
  const of = new Array<number>(picture.spots.length);
  all.forEach((island, i) => island.members.forEach((m) => (of[m] = i)));
  const total = all.reduce((sum, island) => sum + island.r * island.r, 0);
  const ring = Math.sqrt(total) * 1.6 + 60;
  all.forEach((island, i) => {
    island.x = Math.cos(i * golden) * ring * Math.sqrt((i + 0.5) / all.length);
    island.y = Math.sin(i * golden) * ring * Math.sqrt((i + 0.5) / all.length);
  });
  const pulls = new Map<string, [number, number, number]>();
  for (const arc of picture.arcs) {
    const [a, b] = [of[arc.f], of[arc.t]];
    if (a === b) continue;
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    const pull = pulls.get(key) ?? [a, b, 0];
    pull[2] += Math.log10(arc.b + 10);
    pulls.set(key, pull);
  }
  for (let step = 0; step < 320; step++) {
    const heat = ring * 0.12 * (1 - step / 320);
    const dx = new Float64Array(all.length);
    const dy = new Float64Array(all.length);
    for (let i = 0; i < all.length; i++) {
      for (let j = i + 1; j < all.length; j++) {
        let x = all[i].x - all[j].x;
        const y = all[i].y - all[j].y;
        if (x === 0 && y === 0) x = 0.1;
        const gap = Math.hypot(x, y);
        const room = all[i].r + all[j].r + 26;
        const push = (room * room * 0.9) / gap / gap + (gap < room ? (room - gap) * 0.8 : 0);
        dx[i] += (x / gap) * push;
        dy[i] += (y / gap) * push;
        dx[j] -= (x / gap) * push;
        dy[j] -= (y / gap) * push;
      }
      dx[i] -= all[i].x * 0.02 * (aspect < 1 ? 1 : 1 / aspect);
      dy[i] -= all[i].y * 0.02 * (aspect < 1 ? 1 / aspect : aspect);
    }
    for (const [a, b, weight] of pulls.values()) {
      const x = all[a].x - all[b].x;
      const y = all[a].y - all[b].y;
      const gap = Math.hypot(x, y) || 1;
      const pull = Math.max(0, gap - all[a].r - all[b].r) * 0.006 * Math.min(4, weight / 4);
      dx[a] -= (x / gap) * pull;
      dy[a] -= (y / gap) * pull;
      dx[b] += (x / gap) * pull;
      dy[b] += (y / gap) * pull;
    }
    all.forEach((island, i) => {
      const far = Math.hypot(dx[i], dy[i]);
      const go = far > heat ? heat / far : 1;
      island.x += dx[i] * go;
      island.y += dy[i] * go;
    });
  }
  const places = new Array<{ x: number; y: number }>(picture.spots.length);
  for (const island of all) {
    island.members.forEach((m, i) => {
      const r = island.label === undefined ? 0 : 24 * Math.sqrt(i + 0.4);
      places[m] = { x: island.x + Math.cos(i * golden) * r, y: island.y + Math.sin(i * golden) * r };
    });
  }
  return [all, places];
}

// fit brings what was laid out into the canvas, as wide as high: what is left to the chart would be stretched.
function fit(all: Island[], places: { x: number; y: number }[], width: number, height: number): [Island[], { x: number; y: number }[], number] {
  const left = Math.min(...all.map((i) => i.x - i.r));
  const right = Math.max(...all.map((i) => i.x + i.r));
  const top = Math.min(...all.map((i) => i.y - i.r));
  const bottom = Math.max(...all.map((i) => i.y + i.r));
  const roomX = Math.max(120, width - 90);
  const roomY = Math.max(120, height - 60);
  const scale = Math.min(roomX / (right - left), roomY / (bottom - top), 1.8);
  const put = <P extends { x: number; y: number }>(p: P): P => ({ ...p, x: width / 2 + (p.x - (left + right) / 2) * scale, y: height / 2 + (p.y - (top + bottom) / 2) * scale });
  return [all.map((i) => ({ ...put(i), r: i.r * scale })), places.map(put), scale];
}

function options(picture: Picture, laid: Island[], spots: { x: number; y: number }[], width: number, height: number) {
  const [all, places, scale] = fit(laid, spots, width, height);
  const small = Math.max(0.5, Math.min(1, scale));
  const soft = colour("soft");
  const text = colour("text");
  const fill: Record<Spot["k"], string> = { device: colour("accent"), unknown: colour("surface"), internet: text, group: colour("neutral-fill"), outside: colour("line") };
  const most = Math.max(1, ...picture.arcs.map((a) => Math.log10(a.b + 1)));
  const many = picture.arcs.length > 300;
  const crowd = new Map(all.map((island) => [island.label ?? "", island.members.length])); // of large groups the pointer names the devices
  const opened = all.filter((island) => island.label !== undefined);
  return {
    animation: false,
    aria: { enabled: true, label: { description: `${picture.title}: ${picture.spots.length} spots and ${picture.arcs.length} lines; the table below lists them.` } },
    tooltip: {
      renderMode: "richText",
      backgroundColor: colour("raised"),
      borderColor: colour("line"),
      textStyle: { color: text, fontSize: 12 },
      formatter: (p: { dataType: string; data: { at: number } }) => {
        if (p.data.at < 0) return "";
        if (p.dataType === "edge") {
          const arc = picture.arcs[p.data.at];
          return `${picture.spots[arc.f].n} – ${picture.spots[arc.t].n}\n${number.format(arc.p)} pairs, ${size(arc.b)}\n${arc.s}`;
        }
        const spot = picture.spots[p.data.at];
        return `${spot.n}\n${spot.g !== undefined ? spot.g : number.format(spot.d) + (spot.d === 1 ? " end" : " ends")}, ${size(spot.b)}${spot.g === undefined && spot.h ? "\nclick to open" : ""}`;
      },
    },
    series: [
      {
        type: "graph",
        layout: "none",
        roam: true,
        left: 0,
        top: 0,
        width,
        height,
        scaleLimit: { min: 0.3, max: 12 },
        emphasis: { focus: many ? "none" : "adjacency", label: { show: true }, lineStyle: { opacity: 0.9 } },
        labelLayout: { hideOverlap: true },
        label: { show: true, position: "bottom", distance: 3, color: text, fontSize: 11, textBorderColor: colour("surface"), textBorderWidth: 3 },
        data: [
          // Two corners that are not seen, so that the chart's measure is the canvas's.
          ...[0, 1].map((corner) => ({ name: "\u0000" + corner, at: -1, x: corner * width, y: corner * height, symbolSize: 0.1, itemStyle: { opacity: 0 }, label: { show: false } })),
          ...opened.map((island) => ({
            name: "\u0000" + island.label,
            at: -1,
            x: island.x,
            y: island.y - island.r,
            symbolSize: 1,
            itemStyle: { opacity: 0 },
            label: { formatter: island.label, position: "inside", fontWeight: 600, fontSize: 12, color: soft },
          })),
          ...picture.spots.map((spot, at) => ({
            name: String(at),
            at,
            x: places[at].x,
            y: places[at].y,
            symbol: spot.k === "internet" ? "rect" : "circle",
            symbolSize: radius(spot) * 2 * small,
            cursor: spot.h ? "pointer" : "default",
            itemStyle: { color: fill[spot.k], borderColor: spot.k === "unknown" ? soft : colour("surface"), borderWidth: spot.k === "unknown" ? 2 : 1, borderType: spot.k === "unknown" ? "dashed" : "solid" },
            label: { show: spot.g === undefined || (crowd.get(spot.g) ?? 0) <= 60, formatter: spot.g === undefined && spot.d > 1 ? `${spot.n} (${number.format(spot.d)})` : spot.n, fontSize: spot.g === undefined ? 12 : 10 },
          })),
        ],
        links: picture.arcs
          .map((arc, at) => ({
            at,
            source: String(arc.f),
            target: String(arc.t),
            lineStyle: { width: 0.6 + 4 * (Math.log10(arc.b + 1) / most) ** 3, opacity: many ? 0.16 : 0.4, color: soft, curveness: arc.f === arc.t ? 0.4 : 0.08 },
          }))
          .filter((link) => link.source !== link.target),
      },
    ],
  };
}

function draw(root: HTMLElement) {
  const data = root.querySelector('script[type="application/json"]');
  const canvas = root.querySelector<HTMLElement>(".canvas");
  if (!data?.textContent || !canvas || root.classList.contains("live")) return;
  const picture = JSON.parse(data.textContent) as Picture;
  root.classList.add("live");
  const chart = init(canvas, null, { renderer: "canvas" });
  const [all, places] = arrange(picture, canvas.clientWidth / Math.max(1, canvas.clientHeight));
  const paint = () => chart.setOption(options(picture, all, places, canvas.clientWidth, canvas.clientHeight), true);
  paint();
  new ResizeObserver(() => {
    chart.resize();
    paint();
  }).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  chart.on("click", (p) => {
    const at = (p.data as { at: number }).at;
    const href = at < 0 ? undefined : p.dataType === "edge" ? picture.arcs[at].h : picture.spots[at].h;
    if (href) location.assign(href);
  });
  let zoom = 1;
  root.querySelector(".chart-tools")?.addEventListener("click", (event) => {
    const button = event.target as HTMLElement;
    if (button.dataset.zoom === "fit") {
      zoom = 1;
      paint();
      return;
    }
    if (button.dataset.zoom) {
      zoom = Math.min(12, Math.max(0.3, zoom * (button.dataset.zoom === "in" ? 1.4 : 1 / 1.4)));
      chart.setOption({ series: [{ zoom }] });
    }
    if (button.dataset.save === "png") {
      const a = document.createElement("a");
      a.href = chart.getDataURL({ pixelRatio: 2, backgroundColor: colour("surface") });
      a.download = "who-talks-with-whom.png";
      a.click();
    }
  });
}

void document.fonts.ready.then(() => document.querySelectorAll<HTMLElement>(".flow-map").forEach(draw));
