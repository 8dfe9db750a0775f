// Draws a chart above each table that asks for one: <div data-chart="bar"> around it. What it shows
// are the table's own numbers. Without scripts, or if anything fails, the table says the same.
const COLOURS = ["#0b5563", "#c05621", "#6b7a3a", "#7a3e6b", "#2f6f9f", "#8a6d1a", "#54606b"];
const YUAN_A_WAN = 10000;

function number(cell) {
  const found = Number((cell?.textContent ?? "").replaceAll(",", "").trim());
  return Number.isFinite(found) ? found : 0;
}

// Columns named in data-chart-columns (0 is the row's heading), or every column of numbers.
function read(table, asked) {
  const heads = [...table.tHead.rows[0].cells];
  const named = (asked.chartColumns ?? "").split(" ").filter(Boolean).map(Number);
  const columns = named.length ? named : heads.map((_, place) => place).slice(1);
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  return {
    names: rows.map((row) => row.cells[0].textContent.trim()),
    series: columns.map((place) => ({
      name: heads[place].textContent.trim().replace("（元）", ""),
      values: rows.map((row) => number(row.cells[place])),
    })),
  };
}

function options(asked, found) {
  const line = asked.chart === "line";
  const inWan = asked.chartUnit !== "plain";
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = (value) =>
    inWan ? `${(value / YUAN_A_WAN).toLocaleString("zh-CN", { maximumFractionDigits: 2 })} 万元` : value.toLocaleString("zh-CN");
  const stacked = asked.chartStack !== undefined;
  return {
    animation: !still,
    color: COLOURS,
    aria: { enabled: true, decal: { show: found.series.length > 1 && !line } },
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { show: found.series.length > 1, top: 0, type: "scroll" },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: shown },
    xAxis: { type: "category", data: found.names, axisLabel: { hideOverlap: true } },
    yAxis: {
      type: "value",
      name: inWan ? "万元" : "",
      axisLabel: { formatter: (value) => (inWan ? value / YUAN_A_WAN : value).toLocaleString("zh-CN") },
    },
    series: found.series.map((one) => ({
      name: one.name,
      type: line ? "line" : "bar",
      stack: stacked ? "all" : undefined,
      barMaxWidth: 48,
      data: one.values,
    })),
  };
}

function draw() {
  for (const box of document.querySelectorAll("[data-chart]")) {
    const table = box.querySelector("table");
    const found = table && read(table, box.dataset);
    if (!found?.names.length || !found.series.length || box.querySelector(".rl-chart")) continue;
    const place = document.createElement("div");
    place.className = "rl-chart";
    // The table says the same to those who can't see it.
    place.setAttribute("aria-hidden", "true");
    box.prepend(place);
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption(options(box.dataset, found));
    addEventListener("resize", () => chart.resize());
    addEventListener("beforeprint", () => chart.resize());
  }
}

draw();
// A filter puts new rows in the place of the old ones.
document.addEventListener("htmx:afterSettle", draw);
