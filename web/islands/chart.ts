// Pictures: draws every .chart of the page from the JSON beside it with ECharts, and hands it out as PNG, SVG or CSV.
// Colours come from the page's own tokens, so both themes are right; tooltips are drawn on the canvas because a
// strict Content-Security-Policy forbids style attributes in inserted HTML.
// Each kind by its own path: out of echarts/charts they would bring what other islands draw with them.
import { install as BarChart } from "echarts/lib/chart/bar/install.js";
import { install as HeatmapChart } from "echarts/lib/chart/heatmap/install.js";
import { install as LineChart } from "echarts/lib/chart/line/install.js";
import { install as RadarChart } from "echarts/lib/chart/radar/install.js";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, RadarComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

use([BarChart, HeatmapChart, LineChart, RadarChart, RadarComponent, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, CanvasRenderer, SVGRenderer]);

interface Series {
  name: string;
  values: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  hrefs?: string[];
  status?: "good" | "info" | "warn" | "bad" | "neutral";
}
interface Chart {
  kind: "line" | "bar" | "stacked" | "heat" | "band" | "waterfall" | "across" | "tornado" | "step" | "radar";
  title: string;
  unit: string;
  along: string;
  x: string[];
  y?: string[];
  series: Series[];
  base?: number;
  at?: number[];
  top?: number;
}

// Okabe and Ito's palette, which stays apart for the common kinds of colour blindness; yellow is left out because
// it does not reach 3:1 on white. Second row: lightened for dark ground.
const palette = {
  light: ["#0072b2", "#c45200", "#00795a", "#a4477f", "#8a6100", "#4a6fa5", "#5c6470"],
  dark: ["#5db4ec", "#f08a45", "#3fc79c", "#df8fbe", "#dcb14a", "#9cb8e0", "#a9b2bf"],
};

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
const colour = (token: string) => {
  probe.style.color = `var(--pons-${token})`;
  return getComputedStyle(probe).color;
};
const isDark = () => {
  const rgb = colour("bg").match(/\d+/g)?.map(Number) ?? [255];
  return rgb[0] < 128;
};
// The unit stands above the axis of values, or beneath it where it lies.
const unitRoom = (chart: Chart) => (chart.unit ? 14 : 0);
const unitAbove = (chart: Chart, soft: string) => ({ name: chart.unit, nameLocation: "end" as const, nameGap: 8, nameTextStyle: { color: soft, fontSize: 11, align: "left" as const } });
const nameBeneath = (name: string, soft: string) => ({ name, nameLocation: "middle" as const, nameGap: 24, nameTextStyle: { color: soft, fontSize: 11 } });
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const show = (v: unknown, unit: string) => (v == null || v === "-" ? "unknown" : number.format(Number(v)) + (unit === "%" ? " %" : unit ? " " + unit : ""));

function options(chart: Chart, width: number, height: number): EChartsCoreOption {
  const soft = colour("soft");
  const line = colour("line");
  const text = colour("text");
  const colours = palette[isDark() ? "dark" : "light"];
  const of = (s: Series, i: number) => (s.status ? colour(s.status + "-fill") : colours[i % colours.length]);
  const many = chart.series.length > 1 && chart.kind !== "heat";
  const rows = Math.max(1, Math.ceil(chart.series.reduce((sum, s) => sum + 34 + 7 * s.name.length, 0) / Math.max(1, width - 24)));
  const base = {
    animation: false,
    aria: { enabled: true },
    color: colours,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    grid: { left: 12, right: 20, top: (many ? 16 + 20 * rows : 16) + unitRoom(chart), bottom: 8, containLabel: true },
    legend: many ? { top: 4, left: 12, itemWidth: 12, itemHeight: 8, textStyle: { color: soft, fontSize: 12 } } : undefined,
    tooltip: {
      renderMode: "richText",
      trigger: chart.kind === "heat" ? "item" : "axis",
      axisPointer: { type: chart.kind === "line" || chart.kind === "band" ? "line" : "shadow" },
      backgroundColor: colour("raised"),
      borderColor: line,
      textStyle: { color: text, fontSize: 12 },
      valueFormatter: (v: unknown) => show(v, chart.unit),
    },
    xAxis: { type: "category", data: chart.x, axisLabel: { color: soft, hideOverlap: true }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: "value", ...unitAbove(chart, soft), axisLabel: { color: soft, formatter: (v: number) => number.format(v) }, splitLine: { lineStyle: { color: line } } } as object,
  };
  switch (chart.kind) {
    case "radar":
      return radar(chart, base, soft, line, colours, width);
    case "heat":
      return { ...base, ...heat(chart, soft, line, width) };
    case "waterfall":
      return { ...base, legend: undefined, series: waterfall(chart) };
    case "band":
      return bands(chart, base, of, width, height);
    case "across":
    case "tornado":
      return { ...base, ...across(chart, base, of, width) };
    case "step":
      return {
        ...base,
        legend: undefined,
        grid: { ...base.grid, bottom: 28 },
        xAxis: { ...base.xAxis, type: "value", data: undefined, ...nameBeneath(chart.along, soft), axisLabel: { color: soft, hideOverlap: true, formatter: (v: number) => number.format(v) }, splitLine: { show: false } },
        tooltip: { ...base.tooltip, axisPointer: { type: "line", label: { formatter: (p: { value: number }) => number.format(p.value) } } },
        series: chart.series.map((s, i) => ({ type: "line", step: "end", name: s.name, data: s.values.map((v, j) => [chart.at?.[j] ?? j, v]), symbol: "circle", symbolSize: 7, color: of(s, i), lineStyle: { width: 2 }, areaStyle: { opacity: 0.1 } })),
      };
    case "line":
      return {
        ...base,
        xAxis: { ...base.xAxis, boundaryGap: false, axisLabel: { ...base.xAxis.axisLabel, showMaxLabel: true, alignMinLabel: "left", alignMaxLabel: "right" } },
        series: chart.series.map((s, i) => ({ type: "line", name: s.name, data: s.values, symbol: "circle", symbolSize: 5, showSymbol: s.values.length < 40 || s.values.some((v) => v === null), lineStyle: { width: 2 }, color: of(s, i), connectNulls: false })),
      };
    default:
      return {
        ...base,
        series: chart.series.map((s, i) => ({ type: "bar", name: s.name, data: s.values, color: of(s, i), barMaxWidth: 36, stack: chart.kind === "stacked" ? "all" : undefined, itemStyle: { borderRadius: chart.kind === "stacked" ? 0 : [3, 3, 0, 0] } })),
      };
  }
}

// A radar has no axes to share with the other pictures. What is not assessed has no place on it: the axis says so, and for
// which line, and the line has a corner in the middle. Lines differ by their dashes and corners, not by colour alone.
function radar(chart: Chart, base: { legend?: object; tooltip: object; grid?: object; xAxis?: object; yAxis?: object }, soft: string, line: string, colours: string[], width: number): EChartsCoreOption {
  const dashes = ["solid", "dashed", "dotted"];
  const corners = ["circle", "rect", "triangle"];
  const { grid: _grid, xAxis: _x, yAxis: _y, ...rest } = base;
  const all = [...chart.series.keys()];
  const missing = (at: number) => chart.series.flatMap((s, i) => (s.values[at] != null ? [] : i === 0 ? ["not assessed"] : ["not assessed", s.name]));
  return {
    ...rest,
    tooltip: { ...base.tooltip, trigger: "item" },
    radar: {
      indicator: chart.x.map((name, i) => ({ name: [name, ...missing(i)].join("\n"), min: 0, max: chart.top ?? 5 })),
      splitNumber: chart.top ?? 5,
      radius: width < 420 ? "48%" : "66%", // names stand beside it
      center: ["50%", "54%"],
      axisName: { color: soft, fontSize: 12 },
      splitLine: { lineStyle: { color: line } },
      axisLine: { lineStyle: { color: line } },
      splitArea: { show: false },
    },
    series: [{
      type: "radar",
      data: all.map((i) => ({
        name: chart.series[i].name,
        value: chart.series[i].values.map((v) => v ?? "-"),
        symbol: corners[i % 3],
        symbolSize: 6,
        itemStyle: { color: colours[i % colours.length] },
        lineStyle: { color: colours[i % colours.length], width: i === 0 ? 2.5 : 1.5, type: dashes[i % 3] },
        areaStyle: i === 0 ? { color: colours[0], opacity: 0.14 } : undefined,
      })),
    }],
  };
}

function heat(chart: Chart, soft: string, line: string, width: number) {
  const cells = chart.series.flatMap((s, y) => s.values.map((v, x) => [x, y, v ?? "-"]));
  const most = Math.max(1, ...chart.series.flatMap((s) => s.values.map((v) => v ?? 0)));
  const dark = isDark();
  return {
    grid: { left: 12, right: 16, top: 12, bottom: 8, containLabel: true },
    // Every column is named: long names are cut short, the tooltip and the table have them whole.
    xAxis: { type: "category", data: chart.x, axisLabel: { color: soft, interval: 0, width: Math.max(24, Math.floor((width - 110) / chart.x.length) - 6), overflow: "truncate" }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: "category", data: chart.series.map((s) => s.name), axisLabel: { color: soft }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    visualMap: { show: false, min: 0, max: most, inRange: { color: dark ? ["#1b2430", "#27496f", "#3f83c8", "#a5d0ff"] : ["#f3f6fa", "#c3daf2", "#5f9fda", "#0b4f8f"] } },
    series: [{
      type: "heatmap",
      data: cells.map((c) => ({ value: c, label: { color: Number(c[2]) > most * 0.55 ? (dark ? "#0c1420" : "#ffffff") : dark ? "#e5e9ef" : "#1c2430" } })),
      label: { show: true, formatter: (p: { value: unknown[] }) => (p.value[2] === "-" ? "?" : number.format(Number(p.value[2]))) },
      itemStyle: { borderColor: colour("surface"), borderWidth: 2, borderRadius: 4 },
    }],
  };
}

// A band is drawn as an invisible line at the low end with the band's height stacked on it, and the middle line over
// it; a series without a band is what it is compared with. Every line bears its name at its end instead of a legend.
function bands(chart: Chart, base: { legend?: object; grid: object; xAxis: { axisLabel: object } }, of: (s: Series, i: number) => string, width: number, height: number): EChartsCoreOption {
  const named = width > 520; // else a legend: there is no room beside the lines
  const shifts = named ? apart(chart, height - 44 - unitRoom(chart)) : [];
  const room = named ? Math.min(170, 18 + 7 * Math.max(...chart.series.map((s) => s.name.length))) : 20;
  return {
    ...base,
    legend: named || !base.legend ? undefined : { ...base.legend, data: chart.series.map((s) => s.name) },
    grid: named ? { ...base.grid, top: 16 + unitRoom(chart), right: room } : base.grid,
    xAxis: { ...base.xAxis, boundaryGap: false, axisLabel: { ...base.xAxis.axisLabel, showMaxLabel: true } },
    series: chart.series.flatMap((s, i) => band(s, of(s, i), i > 0 && !s.low?.length, named ? shifts[i] : undefined)),
  };
}

// How far each name goes up or down from the end of its line, so that no two lie upon each other.
function apart(chart: Chart, height: number): number[] {
  const top = Math.max(1, ...chart.series.flatMap((s) => [...s.values, ...(s.high ?? [])]).map((v) => v ?? 0)) * 1.08;
  const at = chart.series.map((s) => height - ((s.values.at(-1) ?? 0) / top) * height);
  const order = [...at.keys()].sort((a, b) => at[a] - at[b]);
  const to = [...at];
  order.forEach((k, n) => (to[k] = n === 0 ? at[k] : Math.max(at[k], to[order[n - 1]] + 15)));
  for (let n = order.length - 2; n >= 0; n--) to[order[n]] = Math.min(to[order[n]], Math.max(at[order[n]] - 15, to[order[n + 1]] - 15));
  return to.map((y, k) => y - at[k]);
}

function band(s: Series, color: string, dashed: boolean, shift?: number) {
  const last = s.values.length - 1;
  const named = s.values.map((v, i) => (i === last && shift !== undefined ? { value: v, label: { show: true, position: "right", offset: [2, shift], formatter: s.name, color: colour("text"), fontSize: 12 } } : v));
  const middle = { type: "line", name: s.name, data: named, color, symbol: "circle", symbolSize: dashed ? 1 : 6, showSymbol: true, lineStyle: { width: 2, type: dashed ? "dashed" : "solid" } };
  if (!s.low?.length) return [middle];
  const low = s.low;
  const height = low.map((v, i) => (v == null || s.high?.[i] == null ? null : s.high[i]! - v));
  const silent = { type: "line", stack: s.name + " band", symbol: "none", silent: true, tooltip: { show: false }, lineStyle: { opacity: 0 } };
  return [{ ...silent, name: s.name + " low", data: low }, { ...silent, name: s.name + " range", data: height, areaStyle: { color, opacity: 0.18 } }, middle];
}

// Bars that lie across: from zero, or those of a tornado from the base, with low and high on one row. The picture is
// as high as its rows ask for.
const tallness = (chart: Chart) => Math.max(180, 64 + 20 + chart.x.length * (chart.kind === "across" ? 14 + 14 * chart.series.length : 26));
function across(chart: Chart, whole: { tooltip: object; grid: object; xAxis: { axisLine: object } }, of: (s: Series, i: number) => string, width: number) {
  const tornado = chart.kind === "tornado";
  const base = tornado ? (chart.base ?? 0) : 0;
  const soft = colour("soft");
  const line = colour("line");
  return {
    grid: { ...whole.grid, left: 12, right: 60, top: chart.series.length > 1 ? 40 : 16, bottom: chart.unit ? (tornado ? 20 : 28) : 8 },
    tooltip: { ...whole.tooltip, valueFormatter: (v: unknown) => (v == null || v === "-" ? "unknown" : show(Number(v) + base, chart.unit)) },
    // The ticks of a tornado would be the base and so much: its bars bear their values instead.
    xAxis: { type: "value", ...nameBeneath(chart.unit, soft), nameGap: tornado ? 8 : 24, boundaryGap: ["9%", "9%"], axisLabel: { show: !tornado, color: soft, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (v: number) => number.format(v) }, splitLine: { lineStyle: { color: line } } },
    yAxis: { type: "category", inverse: true, data: chart.x, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: colour("text"), interval: 0, width: Math.max(90, Math.min(340, Math.floor(width * 0.36))), overflow: "truncate" } },
    series: chart.series.map((s, i) => ({
      type: "bar",
      name: s.name,
      color: of(s, i),
      barMaxWidth: 16,
      barGap: tornado ? "-100%" : "15%",
      data: s.values.map((v) => ({ value: v == null ? "-" : v - base, label: { position: v != null && v < base ? "left" : "right" } })),
      label: { show: true, color: soft, fontSize: 11, formatter: (p: { value: unknown }) => (p.value === "-" || (tornado && Number(p.value) === 0) ? "" : number.format(Number(p.value) + base)) },
      markLine: i === 0 ? { silent: true, symbol: "none", label: { show: tornado, position: "start", distance: 2, formatter: number.format(base), color: soft, fontSize: 11 }, lineStyle: { color: soft, type: "solid", width: 1 }, data: [{ xAxis: 0 }] } : undefined,
    })),
  };
}

// The first and the last value are totals; what stands between them are steps up or down.
function waterfall(chart: Chart) {
  const values = chart.series[0].values.map((v) => v ?? 0);
  const last = values.length - 1;
  let sum = 0;
  const under: number[] = [];
  const bars = values.map((v, i) => {
    const total = i === 0 || i === last;
    const from = total ? 0 : sum;
    const to = total ? v : sum + v;
    sum = to;
    under.push(Math.min(from, to));
    return { value: Math.abs(to - from), itemStyle: { color: colour(total ? "neutral-fill" : v > 0 ? "bad-fill" : "good-fill") }, label: { formatter: () => (total || v < 0 ? "" : "+") + number.format(v) } };
  });
  return [
    { type: "bar", stack: "w", silent: true, itemStyle: { color: "transparent" }, data: under, tooltip: { show: false } },
    { type: "bar", stack: "w", name: chart.series[0].name, data: bars, barMaxWidth: 48, label: { show: true, position: "top", color: colour("text") } },
  ];
}

function save(name: string, content: Blob | string) {
  const a = document.createElement("a");
  a.href = typeof content === "string" ? content : URL.createObjectURL(content);
  a.download = name;
  a.click();
}

// A cell that a spreadsheet would take for a formula gets an apostrophe, as everywhere in Pons.
const cell = (v: unknown) => {
  let s = v == null ? "" : String(v);
  if (typeof v === "string" && /^[=+\-@\t\r]/.test(s)) s = "'" + s;
  return /[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
};
const csv = (chart: Chart) =>
  [["", ...chart.series.flatMap((s) => (s.low?.length ? [s.name, s.name + " low", s.name + " high"] : [s.name]))], ...chart.x.map((x, i) => [x, ...chart.series.flatMap((s) => (s.low?.length ? [s.values[i], s.low[i], s.high?.[i]] : [s.values[i]]))])].map((r) => r.map(cell).join(",")).join("\r\n") + "\r\n";

function svg(chart: Chart, from: EChartsType) {
  const off = init(null, null, { renderer: "svg", ssr: true, width: from.getWidth(), height: from.getHeight() });
  off.setOption({ ...options(chart, from.getWidth(), from.getHeight()), backgroundColor: colour("surface") });
  const text = off.renderToSVGString();
  off.dispose();
  return new Blob([text], { type: "image/svg+xml" });
}

function draw(root: HTMLElement) {
  const data = root.querySelector('script[type="application/json"]');
  const canvas = root.querySelector<HTMLElement>(".canvas");
  if (!data?.textContent || !canvas || root.classList.contains("live")) return;
  const chart = JSON.parse(data.textContent) as Chart;
  root.classList.add("live");
  if (chart.kind === "across" || chart.kind === "tornado") canvas.style.height = tallness(chart) + "px";
  const picture = init(canvas, null, { renderer: "canvas" });
  const paint = () => picture.setOption(options(chart, canvas.clientWidth, canvas.clientHeight), true);
  paint();
  new ResizeObserver(() => {
    picture.resize();
    if (["heat", "across", "tornado", "band", "stacked"].includes(chart.kind)) paint(); // their names are laid out by the width
  }).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addEventListener("beforeprint", paint);
  picture.on("click", (p) => {
    const series = chart.kind === "heat" ? chart.series[(p.value as number[])[1]] : chart.series.find((s) => s.name === p.seriesName);
    const href = series?.hrefs?.[chart.kind === "heat" ? (p.value as number[])[0] : p.dataIndex];
    if (href) location.assign(href);
  });
  const name = chart.title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  root.querySelector(".chart-tools")?.addEventListener("click", (event) => {
    const kind = (event.target as HTMLElement).dataset.save;
    if (kind === "png") save(name + ".png", picture.getDataURL({ pixelRatio: 2, backgroundColor: colour("surface") }));
    if (kind === "svg") save(name + ".svg", svg(chart, picture));
    if (kind === "csv") save(name + ".csv", new Blob([csv(chart)], { type: "text/csv" }));
  });
}

const all = () => document.querySelectorAll<HTMLElement>(".chart").forEach(draw);
document.addEventListener("htmx:after:swap", all);
void document.fonts.ready.then(all);
