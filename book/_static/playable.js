// Figures to play with: lib/pages/playable.py says what one is, and gives its data as
// JSON beside a still picture. This draws them in place of the picture, as SVG.

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const EDGE = { left: 44, right: 12, top: 22, bottom: 40 }; // around a panel's axes
  const FRAME = 120; // milliseconds for a step while playing
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // ---------------------------------------------------------------- formulas

  const FUNCTIONS = new Map(Object.entries({
    Add: terms => terms.reduce((a, b) => a + b),
    Mul: factors => factors.reduce((a, b) => a * b),
    Pow: ([base, exponent]) => base ** exponent,
    Abs: ([a]) => Math.abs(a),
    Max: values => Math.max(...values),
    Min: values => Math.min(...values),
    exp: ([a]) => Math.exp(a),
    log: ([a]) => Math.log(a),
    sin: ([a]) => Math.sin(a),
    cos: ([a]) => Math.cos(a),
    tanh: ([a]) => Math.tanh(a),
  }));

  // A tree as lib/pages/formulas.py writes it, as a function of the variables' values.
  function compile(tree) {
    if (typeof tree === "number") return () => tree;
    if (typeof tree === "string") return values => values[tree];
    const apply = FUNCTIONS.get(tree[0]), parts = tree.slice(1).map(compile);
    if (apply === undefined) throw new Error(`no function is called ${tree[0]}`);
    return values => apply(parts.map(part => part(values)));
  }

  const compileAll = trees => Object.entries(trees).map(([name, tree]) => [name, compile(tree)]);
  const results = (formulas, values) =>
    Object.fromEntries(formulas.map(([name, formula]) => [name, formula(values)]));

  // The points of an orbit, as pairs.
  function compilePath(path) {
    const start = compileAll(path.start), move = compileAll(path.move);
    const [steps, x, y] = [path.steps, path.x, path.y].map(compile);
    return values => {
      const now = { ...values, ...results(start, values) }, places = [];
      for (now.step = 0; now.step <= steps(values); now.step++) {
        places.push([x(now), y(now)]);
        Object.assign(now, results(move, now));
      }
      return places;
    };
  }

  // ---------------------------------------------------------------- networks

  function floats(packed) {
    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  const ACTIVATIONS = { relu: a => Math.max(a, 0), sigmoid: a => 1 / (1 + Math.exp(-a)) };

  function compileNetwork(layers) {
    const read = layers.map(layer =>
      ({ weights: floats(layer.weights), bias: floats(layer.bias), activation: ACTIVATIONS[layer.activation] }));
    return inputs => read.reduce((numbers, { weights, bias, activation }) => bias.map((sum, row) => {
      for (let i = 0; i < numbers.length; i++) sum += weights[row * numbers.length + i] * numbers[i];
      return activation(sum);
    }), inputs);
  }

  // ---------------------------------------------------------------- words

  const minus = text => text.replace("-", "\u2212");
  const decimalsOf = step => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));

  function said(value) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "undefined" : minus(`${value < 0 ? "-" : ""}\u221e`);
    const plain = value === 0 || (Math.abs(value) >= 5e-4 && Math.abs(value) < 1e5);
    if (plain) return minus(value.toFixed(3));
    const [digits, power] = value.toExponential(2).split("e");
    return `${minus(digits)} \u00d7 10${raised(Number(power))}`;
  }

  const raised = power => [...String(power)].map(c => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[c] ?? "\u207b").join("");

  function element(parent, name, attributes = {}, text = "") {
    const node = document.createElement(name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.textContent = text;
    return parent.appendChild(node);
  }

  function drawn(parent, name, attributes = {}, text = "") {
    const node = document.createElementNS(SVG, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.textContent = text;
    return parent.appendChild(node);
  }

  // ---------------------------------------------------------------- axes

  // From places on an axis to pixels; ``back`` the other way.
  function scaleOf(axis, from, to) {
    const bend = axis.log ? Math.log10 : v => v;
    const low = bend(axis.low), each = (to - from) / (bend(axis.high) - low);
    const scale = v => from + (bend(v) - low) * each;
    scale.back = pixel => {
      const bent = low + (pixel - from) / each;
      return Math.min(axis.high, Math.max(axis.low, axis.log ? 10 ** bent : bent));
    };
    return scale;
  }

  // The places of an axis' ticks with their labels: round numbers, about ``wanted``.
  function ticksOf(axis, wanted) {
    if (axis.log) {
      const first = Math.ceil(Math.log10(axis.low) - 1e-9), last = Math.floor(Math.log10(axis.high) + 1e-9);
      const every = Math.ceil((last - first + 1) / wanted);
      return range(first, last, every).map(power => [10 ** power, `10${raised(power)}`]);
    }
    const rough = (axis.high - axis.low) / wanted, size = 10 ** Math.floor(Math.log10(rough));
    const step = size * [1, 2, 5, 10].find(factor => factor * size >= rough * 0.999);
    const first = Math.ceil(axis.low / step - 1e-9), last = Math.floor(axis.high / step + 1e-9);
    return range(first, last, 1).map(n => [n * step, minus((n * step).toFixed(decimalsOf(step)))]);
  }

  function range(first, last, step) {
    const found = [];
    for (let n = first; n <= last; n += step) found.push(n);
    return found;
  }

  function drawAxes(plot) {
    const { panel, back, width, height, floor, x, y } = plot, end = width - EDGE.right;
    for (const [v, label] of ticksOf(panel.y, (floor - EDGE.top) / 36)) {
      drawn(back, "line", { class: v === 0 ? "zero" : "grid", x1: EDGE.left, x2: end, y1: y(v), y2: y(v) });
      drawn(back, "text", { x: EDGE.left - 6, y: y(v) + 4, "text-anchor": "end" }, label);
    }
    drawn(back, "text", { x: 2, y: 12 }, panel.y.label);
    if (!panel.x) return;
    for (const [v, label] of ticksOf(panel.x, (end - EDGE.left) / 60)) {
      drawn(back, "line", { class: "grid", x1: x(v), x2: x(v), y1: EDGE.top, y2: floor });
      drawn(back, "text", { x: x(v), y: floor + 16, "text-anchor": "middle" }, label);
    }
    drawn(back, "line", { class: "axis", x1: EDGE.left, x2: end, y1: floor, y2: floor });
    drawn(back, "text", { x: (EDGE.left + end) / 2, y: height - 5, "text-anchor": "middle" }, panel.x.label);
  }

  // ---------------------------------------------------------------- marks

  const FAR = 1e5; // pixels: what browsers can still draw
  const near = pixel => Math.max(-FAR, Math.min(FAR, pixel)).toFixed(1);

  // A line through points in pixels, with gaps where they are undefined.
  function lineThrough(points) {
    let open = false;
    return points.map(([x, y]) => {
      const there = Number.isFinite(x) && !Number.isNaN(y);
      const piece = there ? `${open ? "L" : "M"}${near(x)},${near(y)}` : "";
      open = there;
      return piece;
    }).join("");
  }

  // Each draws a mark once, and returns what draws it again for other values.
  const MARKS = {
    Curve(mark, plot) {
      const { panel, front, x, y, styles } = plot, formula = compile(mark.y);
      const style = `s${styles[mark.label]}`, area = mark.filled && drawn(front, "path", { class: `area ${style}` });
      const line = drawn(front, "path", { class: `line ${style}` });
      const pixels = range(x(panel.x.low), x(panel.x.high) + 1e-6, 2);
      return values => {
        const now = { ...values };
        const points = pixels.map(pixel => {
          now[panel.x.variable] = x.back(pixel);
          return [pixel, y(formula(now))];
        });
        line.setAttribute("d", lineThrough(points));
        if (!area) return;
        const zero = y(Math.max(0, panel.y.low)), shown = points.filter(p => !Number.isNaN(p[1]));
        const ends = shown.length ? [[shown[0][0], zero], ...shown, [shown.at(-1)[0], zero]] : [];
        area.setAttribute("d", lineThrough(ends));
      };
    },

    Path(mark, { front, x, y, styles }) {
      const style = `s${styles[mark.label]}`, places = compilePath(mark);
      const line = drawn(front, "path", { class: `line thin ${style}` });
      const stops = drawn(front, "path", { class: `stops ${style}` });
      return values => {
        const points = places(values).map(([a, b]) => [x(a), y(b)]);
        line.setAttribute("d", lineThrough(points));
        stops.setAttribute("d", points.map(point => lineThrough([point]) + "h0").join(""));
      };
    },

    Arrows(mark, { panel, front, x, y }) {
      const formulas = [compile(mark.x), compile(mark.y)], gap = (x(panel.x.high) - x(panel.x.low)) / (mark.count + 1);
      const arrows = drawn(front, "path", { class: "arrows" });
      const places = range(1, mark.count, 1).map(n => n / (mark.count + 1));
      return values => {
        const found = places.flatMap(across => places.map(up => {
          const from = [x(panel.x.low) + across * (x(panel.x.high) - x(panel.x.low)), y(panel.y.low) + up * (y(panel.y.high) - y(panel.y.low))];
          const now = { ...values, [panel.x.variable]: x.back(from[0]), [panel.y.variable]: y.back(from[1]) };
          const [dx, dy] = formulas.map(formula => formula(now));
          return [from, [dx * (x(1) - x(0)), dy * (y(1) - y(0))]];
        }));
        const longest = Math.max(...found.map(([, step]) => Math.hypot(...step)), 1e-9);
        arrows.setAttribute("d", found.map(([from, step]) => arrow(from, step.map(part => part / longest * gap * 0.9))).join(""));
      };
    },

    Points(mark, { front, x, y }) {
      const style = `sign s${mark.sign.codePointAt(0) % 5}`;
      mark.x.forEach((place, i) => {
        drawn(front, "text", { class: style, x: x(place).toFixed(1), y: (y(mark.y[i]) + 3.5).toFixed(1) }, mark.sign);
      });
      return () => {};
    },

    Bars(mark, { front, back, width, floor, y, styles }) {
      const labels = Object.keys(mark.heights), each = (width - EDGE.left - EDGE.right) / labels.length;
      const bars = labels.map((label, i) => {
        const left = EDGE.left + each * i;
        drawn(back, "text", { x: left + each / 2, y: floor + 16, "text-anchor": "middle" }, label);
        const shape = { class: `bar s${styles[label]}`, x: left + each * 0.2, width: each * 0.6 };
        return [drawn(front, "rect", shape), compile(mark.heights[label])];
      });
      return values => bars.forEach(([bar, formula]) => {
        const [top, bottom] = [0, formula(values)].map(y).sort((a, b) => a - b).map(near);
        bar.setAttribute("y", top);
        bar.setAttribute("height", Math.max(0, bottom - top) || 0);
      });
    },

    Dot(mark, { front, x, y, styles }) {
      const formulas = [compile(mark.x), compile(mark.y)];
      const dot = drawn(front, "circle", { class: `dot s${styles[mark.of]}`, r: 5 });
      return values => moveTo(dot, formulas, values, x, y);
    },

    Handle(mark, plot) {
      const { top, x, y, styles } = plot, formulas = [compile(mark.x), compile(mark.y)];
      const handle = drawn(top, "g", { class: `handle s${styles[mark.of]}`, tabindex: 0, role: "slider", "aria-label": mark.label });
      drawn(handle, "circle", { class: "target", r: 16 });
      drawn(handle, "circle", { class: "dot", r: 8 });
      const ends = { ...mark, formulas, sets: compileAll(mark.sets), node: handle, tree: JSON.stringify(mark.sets) };
      plot.handles.push(ends);
      answer(ends, plot);
      return values => {
        moveTo(handle, formulas, values, x, y);
        const names = Object.keys(mark.sets), settings = plot.figure.spec.settings;
        const words = names.map(name => `${settings[name].label} ${inSteps(settings[name], values[name])}`);
        const [{ low, high }, value] = [settings[names[0]], values[names[0]]];
        const now = { valuemin: low, valuemax: high, valuenow: value, valuetext: words.join(", ") };
        for (const key in now) handle.setAttribute(`aria-${key}`, now[key]);
      };
    },
  };

  // A mark that would be off its panel stands at the edge.
  function moveTo(node, formulas, values, x, y) {
    const [a, b] = formulas.map(formula => formula(values));
    const inside = [x(x.back(x(a))), y(y.back(y(b)))];
    node.style.visibility = inside.every(Number.isFinite) ? "" : "hidden";
    node.setAttribute("transform", `translate(${inside.map(near)})`);
  }

  function arrow([x, y], [dx, dy]) {
    const end = [x + dx / 2, y + dy / 2], barb = turn => [0.25 * (-dx - turn * dy * 0.6), 0.25 * (-dy + turn * dx * 0.6)];
    const piece = points => lineThrough(points);
    return piece([[x - dx / 2, y - dy / 2], end]) +
      piece([1, -1].map(barb).flatMap((b, i) => { const tip = [end[0] + b[0], end[1] + b[1]]; return i ? [end, tip] : [tip]; }));
  }

  // ---------------------------------------------------------------- handles

  // Dragged, or moved by keys: by a step of what it sets, ten with Shift.
  function answer(handle, plot) {
    const { node } = handle;
    node.addEventListener("pointerdown", event => {
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
    });
    node.addEventListener("pointermove", event => {
      if (node.hasPointerCapture(event.pointerId)) put(handle, plot, placeOf(event, plot));
    });
    node.addEventListener("keydown", event => {
      const { figure, panel } = plot, { settings } = figure.spec, names = Object.keys(handle.sets);
      if (event.key === "Home" || event.key === "End") {
        const { low, high } = settings[handle.sets[0][0]];
        figure.set({ [handle.sets[0][0]]: event.key === "Home" ? low : high });
      } else {
        const direction = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
        if (!direction) return;
        const step = Math.max(...handle.sets.map(([name]) => settings[name].step)) * (event.shiftKey ? 10 : 1);
        // What hangs on one axis alone is moved along it by all four keys.
        const [usesX, usesY] = [panel.x.variable, panel.y.variable].map(name => handle.tree.includes(`"${name}"`));
        const [right, up] = usesX && usesY ? direction : Array(2).fill(direction[0] + direction[1]);
        const [x, y] = handle.formulas.map(formula => formula(figure.values));
        put(handle, plot, [x + right * step, y + up * step]);
      }
      event.preventDefault();
    });
  }

  function placeOf(event, { svg, x, y }) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [x.back(point.x), y.back(point.y)];
  }

  function put(handle, { figure, panel }, [x, y]) {
    const now = { ...figure.values, [panel.x.variable]: x, [panel.y.variable]: y };
    figure.set(results(handle.sets, now));
  }

  // A tap beside all handles brings the nearest one: dragging is not needed.
  function bringNearest(event, plot) {
    if (event.target.closest(".handle")) return;
    const place = placeOf(event, plot), { x, y, figure } = plot;
    const far = handle => {
      const [a, b] = handle.formulas.map(formula => formula(figure.values));
      return Math.hypot(x(a) - x(place[0]), y(b) - y(place[1]));
    };
    const nearest = [...plot.handles].sort((a, b) => far(a) - far(b))[0];
    put(nearest, plot, place);
  }

  // ---------------------------------------------------------------- panels

  let clips = 0;

  function drawPanel(figure, panel, box) {
    const width = Math.max(200, box.clientWidth);
    const inner = width - EDGE.left - EDGE.right;
    const ratio = panel.equal ? (panel.y.high - panel.y.low) / (panel.x.high - panel.x.low) : 0;
    const bottom = panel.x ? EDGE.bottom : EDGE.bottom - 18;
    const height = EDGE.top + bottom + (ratio ? inner * ratio : Math.min(220, Math.max(150, inner * 0.6)));
    const svg = drawn(box, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-label": panel.title });
    const clip = `playable-clip-${clips++}`, floor = height - bottom;
    drawn(drawn(svg, "clipPath", { id: clip }), "rect", { x: EDGE.left, y: EDGE.top, width: inner, height: floor - EDGE.top });
    const plot = {
      figure, panel, svg, width, height, floor, styles: figure.spec.styles, handles: [],
      x: panel.x && scaleOf(panel.x, EDGE.left, width - EDGE.right), y: scaleOf(panel.y, floor, EDGE.top),
      back: drawn(svg, "g", { "aria-hidden": true }),
      front: drawn(svg, "g", { "aria-hidden": true, "clip-path": `url(#${clip})` }),
      top: drawn(svg, "g"),
    };
    drawAxes(plot);
    const updates = panel.marks.map(mark => MARKS[mark.kind](mark, plot));
    svg.setAttribute("role", plot.handles.length ? "group" : "img");
    if (plot.handles.length) svg.addEventListener("click", event => bringNearest(event, plot));
    return values => updates.forEach(update => update(values));
  }

  function drawPicture(picture, box) {
    const network = compileNetwork(picture.layers), inputs = picture.inputs.map(compile);
    const side = Math.sqrt(network(inputs.map(() => 0)).length);
    const canvas = element(box, "canvas", { width: side, height: side, role: "img", "aria-label": picture.title });
    const ink = canvas.getContext("2d"), pixels = ink.createImageData(side, side);
    return values => {
      network(inputs.map(input => input(values))).forEach((value, i) => {
        pixels.data.set([...Array(3).fill(Math.round(255 * (1 - value))), 255], 4 * i);
      });
      ink.putImageData(pixels, 0, 0);
    };
  }

  // ---------------------------------------------------------------- controls

  function inSteps(setting, value) {
    return minus(value.toFixed(decimalsOf(setting.step)));
  }

  function addSlider(figure, name, box) {
    const setting = figure.spec.settings[name], { low, high, step } = setting;
    const place = element(box, "div", { class: "setting" });
    const label = element(place, "label"), words = element(label, "span", {}, `${setting.label} = `);
    const output = element(words, "output"), input = element(label, "input", { type: "range", min: low, max: high, step, name });
    input.addEventListener("input", () => figure.set({ [name]: input.valueAsNumber }));
    if (setting.plays) addPlayer(figure, name, place);
    return values => {
      input.value = values[name];
      output.textContent = inSteps(setting, values[name]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
  }

  function addPlayer(figure, name, box) {
    const { low, high, step } = figure.spec.settings[name];
    const once = element(box, "button", { type: "button" }, "One step");
    const play = element(box, "button", { type: "button", class: "play" }, "Play");
    let timer = 0;
    const further = () => figure.set({ [name]: figure.values[name] >= high ? low : figure.values[name] + step });
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = "Play";
      figure.numbers.setAttribute("aria-live", "polite");
    };
    once.addEventListener("click", () => { stop(); further(); });
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (figure.values[name] >= high) figure.set({ [name]: low });
      play.textContent = "Pause";
      figure.numbers.setAttribute("aria-live", "off");
      timer = setInterval(() => {
        further();
        if (figure.values[name] >= high || calm.matches) stop();
      }, FRAME);
    });
    figure.stops.push(stop);
  }

  function addLegend({ spec }, box) {
    for (const [label, style] of Object.entries(spec.styles)) {
      const entry = element(box, "span"), key = drawn(entry, "svg", { viewBox: "0 0 34 8", "aria-hidden": true });
      drawn(key, "path", { class: `line s${style}`, d: "M0,4H34" });
      entry.append(label);
    }
  }

  function addNumbers(figure, box) {
    const formulas = Object.entries(figure.spec.numbers).map(([label, number]) => {
      const isPath = number.kind === "Path", formula = isPath ? compilePath(number) : compile(number);
      const output = element(element(box, "span", {}, `${label} = `), "output", { "data-label": label });
      return [output, isPath ? values => formula(values).at(-1)[1] : formula];
    });
    return values => formulas.forEach(([output, formula]) => { output.textContent = said(formula(values)); });
  }

  // ---------------------------------------------------------------- the figure

  function play(place) {
    const spec = JSON.parse(place.querySelector("script").textContent), still = place.querySelector("img");
    const figure = { spec, values: {}, stops: [] };
    const box = element(place, "div", { class: "live", role: "group", "aria-label": still.alt });
    const panels = element(box, "div", { class: "panels" });
    const boxes = spec.panels.map(panel => {
      const around = element(panels, "div", { class: panel.wide ? "panel wide" : "panel" });
      element(around, "div", { class: "title", "aria-hidden": true }, panel.title);
      return element(around, "div", { class: panel.kind.toLowerCase() });
    });
    addLegend(figure, element(box, "div", { class: "legend" }));
    figure.numbers = element(box, "div", { class: "numbers", "aria-live": "polite" });
    const controls = element(box, "div", { class: "settings" });
    const names = Object.keys(spec.settings), shown = names.filter(name => spec.settings[name].slider);
    const fixed = [addNumbers(figure, figure.numbers), ...shown.map(name => addSlider(figure, name, controls))];
    const reset = element(controls, "button", { type: "button", class: "reset" }, "Reset");
    let updates = [];

    const show = () => [...fixed, ...updates].forEach(update => update(figure.values));
    figure.set = changes => {
      for (const [name, value] of Object.entries(changes)) {
        const { low, high, step } = spec.settings[name];
        if (Number.isNaN(value)) continue;
        const stepped = low + Math.round((Math.min(high, Math.max(low, value)) - low) / step) * step;
        figure.values[name] = Math.min(high, Number(stepped.toFixed(10)));
      }
      show();
    };
    const starts = Object.fromEntries(names.map(name => [name, spec.settings[name].start]));
    reset.addEventListener("click", () => { figure.stops.forEach(stop => stop()); figure.set(starts); });
    let width = 0;
    const draw = () => {
      if (panels.clientWidth === width || panels.clientWidth === 0) return;
      width = panels.clientWidth;
      boxes.forEach(around => around.replaceChildren());
      updates = spec.panels.map((panel, i) =>
        panel.kind === "Picture" ? drawPicture(panel, boxes[i]) : drawPanel(figure, panel, boxes[i]));
      show();
    };
    place.classList.add("plays");
    figure.set(starts);
    new ResizeObserver(draw).observe(panels);
    draw();
  }

  window.playable = { compile, compilePath, compileNetwork };
  addEventListener("DOMContentLoaded", () => document.querySelectorAll(".playable").forEach(play));
})();
