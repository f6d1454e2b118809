// Draws the charts of a page from their JSON blocks (web/charts.py) in the colours of the theme.
(() => {
  const style = () => getComputedStyle(document.documentElement);
  const colour = (name) => style().getPropertyValue(`--v-${name}`).trim();
  const solid = (tone) => colour(`${tone}-solid`);
  const font = () => getComputedStyle(document.body).fontFamily;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const figures = (value) => new Intl.NumberFormat(document.documentElement.lang).format(value);

  const common = (data) => ({
    animation: !still,
    animationDuration: 350,
    aria: { enabled: true, label: { description: data.title } },
    textStyle: { fontFamily: font(), color: colour("soft") },
    // tooltips as drawing, not HTML: HTML ones carry style attributes, which the page's policy forbids
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colour("surface"), borderColor: colour("line-strong"),
      textStyle: { color: colour("text"), fontFamily: font(), fontSize: 12 },
    },
  });

  const donut = (data) => {
    const total = data.slices.reduce((sum, part) => sum + part.value, 0);
    const parts = data.slices.filter((part) => part.value > 0);
    return {
      ...common(data),
      tooltip: { ...common(data).tooltip, trigger: "item", formatter: (p) => `${p.name}: ${figures(p.value)} (${p.percent} %)` },
      series: [{
        type: "pie", radius: ["68%", "92%"], padAngle: parts.length > 1 ? 1.2 : 0, minAngle: 3,
        itemStyle: { borderRadius: 5, borderColor: colour("surface"), borderWidth: 0 },
        emphasis: { scaleSize: 3 },
        label: {
          show: true, position: "center", silent: true,
          formatter: () => `{total|${figures(total)}}\n{unit|${data.unit}}`,
          rich: {
            total: { fontSize: 26, fontWeight: 650, lineHeight: 32, color: colour("text"), fontFamily: font() },
            unit: { fontSize: 12, lineHeight: 18, color: colour("soft"), fontFamily: font() },
          },
        },
        labelLine: { show: false },
        data: parts.length
          ? parts.map((part) => ({ name: part.label, value: part.value, itemStyle: { color: solid(part.tone) } }))
          : [{ name: data.title, value: 1, itemStyle: { color: colour("neutral-bg") }, tooltip: { show: false } }],
      }],
    };
  };

  const axes = (data, gap) => ({
    grid: { left: 4, right: 12, top: 40, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 4, itemGap: 18, textStyle: { color: colour("text"), fontFamily: font() } },
    xAxis: {
      type: "category", data: data.axis, boundaryGap: gap, axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("line-strong") } }, axisLabel: { color: colour("soft"), hideOverlap: true },
    },
    yAxis: {
      type: "value", minInterval: 1, axisLabel: { color: colour("soft"), formatter: figures },
      splitLine: { lineStyle: { color: colour("line") } },
    },
  });

  const lines = (data) => ({
    ...common(data), ...axes(data, false), tooltip: { ...common(data).tooltip, trigger: "axis" },
    series: data.series.map((line) => ({
      name: line.name, type: "line", data: line.values, smooth: 0.25, smoothMonotone: "x", showSymbol: data.axis.length < 2,
      symbolSize: 7, lineStyle: { width: 2 }, itemStyle: { color: solid(line.tone) }, areaStyle: { opacity: 0.08 },
    })),
  });

  const bars = (data) => ({
    ...common(data), ...axes(data, true), tooltip: { ...common(data).tooltip, trigger: "axis" },
    series: data.series.map((line) => ({
      name: line.name, type: "bar", stack: "all", data: line.values, barMaxWidth: 22, itemStyle: { color: solid(line.tone), borderRadius: 2 },
    })),
  });

  const kinds = { donut, lines, bars };
  const drawn = new Map();

  const draw = (figure) => {
    const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const area = figure.querySelector(".v-chart-area");
    area.hidden = false;
    const chart = window.echarts.init(area, null, { renderer: "svg" });
    chart.setOption(kinds[data.kind](data));
    drawn.set(area, { chart, data });
    new ResizeObserver(() => chart.resize()).observe(area);
  };

  const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach((figure) => {
    if (!drawn.has(figure.querySelector(".v-chart-area"))) draw(figure);
  });

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.target.parentElement || document));
  document.addEventListener("vedette:theme", () => drawn.forEach(({ chart, data }) => chart.setOption(kinds[data.kind](data), true)));
})();
