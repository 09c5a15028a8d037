// Puts the panels of each figure where they have room: as many beside each other as the page is wide.
// The formulas are those of panels.py, with the true width in place of an assumed one.
(() => {
  const least = 200;  // pixels that a panel needs without what stands beside it

  function placed(p, width) {
    const fit = Math.max(1, Math.floor(width / (p.left + p.right + least)));
    const columns = Math.min(p.columns, fit), rows = Math.ceil(p.count / columns);
    const wide = width - p.left - p.right;
    const own = Math.max(width / columns - p.left - p.right, 60), high = own * p.aspect;
    const tall = rows * (high + p.gap) - p.gap;
    const boxes = [...Array(p.count).keys()].map((k) => {
      const x = (k % columns) * (own + p.left + p.right) / wide;
      const y = 1 - Math.floor(k / columns) * (high + p.gap) / tall;
      return { x: [x, Math.min(x + own / wide, 1)], y: [Math.max(y - high / tall, 0), y] };
    });
    return { boxes, wide, tall };
  }

  function panels(figure, p) {
    const width = figure.clientWidth, margin = figure.layout.margin;
    const { boxes, wide, tall } = placed(p, width), layout = {};
    layout.height = Math.round(tall + margin.t + margin.b);
    figure.style.height = `${layout.height}px`;
    boxes.forEach((box, k) => {
      const number = k ? String(k + 1) : "";
      layout[`xaxis${number}.domain`] = box.x;
      layout[`yaxis${number}.domain`] = box.y;
      layout[`annotations[${k}].x`] = (box.x[0] + box.x[1]) / 2;
      layout[`annotations[${k}].y`] = box.y[1];
    });
    if (figure.layout.sliders && figure.layout.sliders.length) {
      layout["sliders[0].x"] = Math.min(110 / wide, 0.4);
      layout["sliders[0].len"] = 1 - layout["sliders[0].x"];
    }
    const bars = figure.data.map((_, k) => k).filter((k) => figure.data[k].type === "heatmap");
    const of = (value) => bars.map((k) => value(boxes[k]));
    const traces = bars.length ? {
      "colorbar.x": of((box) => box.x[1] + 8 / wide),
      "colorbar.y": of((box) => (box.y[0] + box.y[1]) / 2),
      "colorbar.len": of((box) => box.y[1] - box.y[0]),
    } : {};
    return Plotly.update(figure, traces, layout, bars);
  }

  function buttons(figure) {
    const narrow = figure.clientWidth < 480, layout = { width: figure.clientWidth };
    const places = narrow ? [[0, 1.14], [0, 1.02], [0.5, 1.02]] : [[0, 1.02], [0.3, 1.02], [0.6, 1.02]];
    places.forEach(([x, y], k) => {
      layout[`updatemenus[${k}].x`] = x;
      layout[`updatemenus[${k}].y`] = y;
    });
    layout["margin.t"] = narrow ? 120 : 80;
    layout["legend.entrywidth"] = figure.clientWidth < 420 ? 0.96 : 0.48;
    layout["margin.b"] = figure.clientWidth < 420 ? 85 + 22 * figure.data.length : 120;
    layout.height = 300 + layout["margin.t"] + layout["margin.b"];
    figure.style.height = `${layout.height}px`;
    return Plotly.relayout(figure, layout);
  }

  function arrange(figure) {
    if (!figure.clientWidth || figure.dataset.arranged === String(figure.clientWidth)) return;
    figure.dataset.arranged = String(figure.clientWidth);
    const meta = figure.layout.meta;
    if (meta && meta.panels) panels(figure, meta.panels);
    else if ((figure.layout.updatemenus || []).length === 3) buttons(figure);
  }

  const figures = [...document.querySelectorAll(".js-plotly-plot")];
  figures.forEach((figure) => { figure.parentElement.style.height = "auto"; });
  const watched = new ResizeObserver((entries) => entries.forEach((entry) => {
    const figure = entry.target.querySelector(".js-plotly-plot") || entry.target;
    requestAnimationFrame(() => arrange(figure));
  }));
  // The place of a figure, not the figure: that changes its height itself.
  figures.forEach((figure) => watched.observe(figure.parentElement));
  figures.forEach(arrange);
  const copy = document.getElementById("copy");
  if (copy) copy.addEventListener("click", () => {
    const command = document.getElementById("command");
    const selection = window.getSelection();
    selection.selectAllChildren(command);
    const done = () => { copy.textContent = "copied"; };
    if (navigator.clipboard) navigator.clipboard.writeText(command.textContent).then(done, () => document.execCommand("copy") && done());
    else if (document.execCommand("copy")) done();
  });
})();
