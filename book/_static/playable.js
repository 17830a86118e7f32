// Figures to play with: lib/pages/playable.py says what one is, and gives its data as
// JSON beside a still picture. This draws them in place of the picture, as SVG.

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const EDGE = { left: 44, right: 12, top: 22, bottom: 40 }; // pixels around the axes
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
    Heaviside: ([a, half]) => (a === 0 ? half : Number(a > 0)),
    exp: ([a]) => Math.exp(a),
    log: ([a]) => Math.log(a),
    sin: ([a]) => Math.sin(a),
    cos: ([a]) => Math.cos(a),
    tanh: ([a]) => Math.tanh(a),
    Lookup: ([number, ...values]) => values[Math.round(number)] ?? NaN,
  }));

  // A tree as lib/pages/formulas.py writes it, as a function of the variables' values.
  function compile(tree) {
    if (typeof tree === "number") return () => tree;
    if (typeof tree === "string") return values => values[tree];
    const apply = FUNCTIONS.get(tree[0]), parts = tree.slice(1).map(compile);
    if (apply === undefined) throw new Error(`no function is called ${tree[0]}`);
    return values => apply(parts.map(part => part(values)));
  }

  const compileAll = trees =>
    Object.entries(trees).map(([name, tree]) => [name, compile(tree)]);
  const results = (formulas, values) =>
    Object.fromEntries(formulas.map(([name, formula]) => [name, formula(values)]));

  // The points of an orbit, as pairs.
  function compileOrbit(orbit) {
    const start = compileAll(orbit.start), move = compileAll(orbit.move);
    const [steps, x, y] = [orbit.steps, orbit.x, orbit.y].map(compile);
    return values => {
      const now = { ...values, ...results(start, values) }, last = steps(values);
      const places = [];
      for (now.step = 0; now.step <= last; now.step++) {
        places.push([x(now), y(now)]);
        if (orbit.in_turns) for (const [name, formula] of move) now[name] = formula(now);
        else Object.assign(now, results(move, now));
      }
      return places;
    };
  }

  // One of three words: below the limit, at it, above it.
  function compileVerdict({ number, limit, words }) {
    const formula = compile(number);
    return values => {
      const above = formula(values) - limit;
      return words[above < -1e-9 ? 0 : above > 1e-9 ? 2 : 1];
    };
  }

  // The shares of a histogram's draws, bin by bin.
  function compileHistogram(histogram, { low, high }) {
    const { variable, draws, bins } = histogram, place = compile(histogram.x);
    return values => {
      const now = { ...values }, shares = Array(bins).fill(0);
      for (now[variable] of draws) {
        const bin = Math.floor((place(now) - low) / (high - low) * bins);
        if (bin >= 0 && bin < bins) shares[bin] += 1 / draws.length;
      }
      return shares;
    };
  }

  // ---------------------------------------------------------------- networks

  const ACTIVATIONS = {
    relu: a => Math.max(a, 0),
    sigmoid: a => 1 / (1 + Math.exp(-a)),
  };

  function floats(packed) {
    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer), size = bytes.length / 4;
    return Array.from({ length: size }, (_, i) => view.getFloat32(4 * i, true));
  }

  function compileNetwork(layers) {
    const applied = layers.map(layer => {
      const weights = floats(layer.weights), bias = floats(layer.bias);
      const activate = ACTIVATIONS[layer.activation];
      return numbers => bias.map((sum, row) => {
        const first = row * numbers.length;
        numbers.forEach((number, i) => { sum += weights[first + i] * number; });
        return activate(sum);
      });
    });
    return inputs => applied.reduce((numbers, apply) => apply(numbers), inputs);
  }

  // ---------------------------------------------------------------- words

  const minus = text => text.replace("-", "\u2212");
  const RAISED = [..."\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"];
  const raised = power => [...String(power)].map(c => RAISED[c] ?? "\u207b").join("");
  const decimalsOf = step => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const inSteps = ({ step }, value) => minus(value.toFixed(decimalsOf(step)));
  const inWords = (setting, value) =>
    setting.words[Math.round((value - setting.low) / setting.step)] ?? inSteps(setting, value);

  function said(value) {
    if (Number.isNaN(value)) return "undefined";
    if (!Number.isFinite(value)) return value < 0 ? "\u2212\u221e" : "\u221e";
    const size = Math.abs(value);
    if (size === 0 || (size >= 5e-4 && size < 1e5)) return minus(value.toFixed(3));
    const [digits, power] = value.toExponential(2).split("e");
    return `${minus(digits)} \u00d7 10${raised(Number(power))}`;
  }

  // ---------------------------------------------------------------- nodes

  const filled = (parent, node, attributes, text) => {
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.textContent = text;
    return parent.appendChild(node);
  };
  const element = (parent, name, attributes = {}, text = "") =>
    filled(parent, document.createElement(name), attributes, text);
  const drawn = (parent, name, attributes = {}, text = "") =>
    filled(parent, document.createElementNS(SVG, name), attributes, text);

  // ---------------------------------------------------------------- axes

  // From places on an axis to pixels; ``back`` goes the other way, and stays on it.
  function scaleOf(axis, from, to) {
    const bend = axis.log ? Math.log10 : v => v, unbend = axis.log ? v => 10 ** v : v => v;
    const low = bend(axis.low), each = (to - from) / (bend(axis.high) - low);
    const scale = v => from + (bend(v) - low) * each;
    scale.back = pixel =>
      Math.min(axis.high, Math.max(axis.low, unbend(low + (pixel - from) / each)));
    return scale;
  }

  function range(first, last, step = 1) {
    const found = [];
    for (let n = first; n <= last; n += step) found.push(n);
    return found;
  }

  // The places of an axis' ticks with their labels: round numbers, about ``wanted``.
  function ticksOf(axis, wanted) {
    if (axis.log) {
      const first = Math.ceil(Math.log10(axis.low) - 1e-9);
      const last = Math.floor(Math.log10(axis.high) + 1e-9);
      const every = Math.ceil((last - first + 1) / wanted);
      return range(first, last, every).map(power => [10 ** power, `10${raised(power)}`]);
    }
    const rough = (axis.high - axis.low) / wanted, size = 10 ** Math.floor(Math.log10(rough));
    const step = size * [1, 2, 5, 10].find(factor => factor * size >= rough * 0.999);
    const first = Math.ceil(axis.low / step - 1e-9), last = Math.floor(axis.high / step + 1e-9);
    return range(first, last).map(n => [n * step, inSteps({ step }, n * step)]);
  }

  function drawAxes({ panel, back, width, height, floor, x, y }) {
    const line = (kind, x1, y1, x2, y2) => drawn(back, "line", { class: kind, x1, y1, x2, y2 });
    const word = (at, up, text, anchor) =>
      drawn(back, "text", { x: at, y: up, "text-anchor": anchor }, text);
    const left = EDGE.left, right = width - EDGE.right;
    for (const [v, label] of ticksOf(panel.y, (floor - EDGE.top) / 36)) {
      line(v === 0 ? "zero" : "grid", left, y(v), right, y(v));
      word(left - 6, y(v) + 4, label, "end");
    }
    word(2, 12, panel.y.label, "start");
    if (!panel.x) return;
    for (const [v, label] of ticksOf(panel.x, (right - left) / 60)) {
      line("grid", x(v), EDGE.top, x(v), floor);
      word(x(v), floor + 16, label, "middle");
    }
    line("axis", left, floor, right, floor);
    word((left + right) / 2, height - 5, panel.x.label, "middle");
  }

  // ---------------------------------------------------------------- lines

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

  const lengthOf = points => points.slice(1).reduce(
    (sum, [x, y], i) => sum + Math.hypot(x - points[i][0], y - points[i][1]), 0);

  function arrow([x, y], [dx, dy]) {
    const tip = [x + dx / 2, y + dy / 2];
    const barb = side => [tip[0] - dx / 4 - side * dy / 7, tip[1] - dy / 4 + side * dx / 7];
    return lineThrough([[x - dx / 2, y - dy / 2], tip]) + lineThrough([barb(1), tip, barb(-1)]);
  }

  // A mark that would be off its panel stands at the edge.
  function moveTo(node, formulas, values, { x, y }) {
    const [across, up] = formulas.map(formula => formula(values));
    const inside = [x(x.back(x(across))), y(y.back(y(up)))];
    node.style.visibility = inside.every(Number.isFinite) ? "" : "hidden";
    node.setAttribute("transform", `translate(${inside.map(near)})`);
  }

  // ---------------------------------------------------------------- marks

  // Each draws a mark once, and returns what draws it again for other values.
  const MARKS = {
    Curve(mark, { panel, front, x, y, styles }) {
      const formula = compile(mark.y), style = `s${styles[mark.label]}`;
      const area = mark.filled && drawn(front, "path", { class: `area ${style}` });
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
        const ends = [shown[0], shown.at(-1)].map(end => end && [end[0], zero]);
        area.setAttribute("d", shown.length ? lineThrough([ends[0], ...shown, ends[1]]) : "");
      };
    },

    Orbit(mark, { front, x, y, styles }) {
      const places = compileOrbit(mark), style = `s${styles[mark.label]}`;
      const line = drawn(front, "path", { class: `line thin ${style}` });
      const stops = drawn(front, "path", { class: `stops ${style}` });
      return values => {
        const points = places(values).map(([across, up]) => [x(across), y(up)]);
        line.setAttribute("d", lineThrough(points));
        // A point for each step, unless they would hide the line.
        const shown = lengthOf(points) > 5 * points.length ? points : points.slice(-1);
        stops.setAttribute("d", shown.map(point => `${lineThrough([point])}h0`).join(""));
      };
    },

    Arrows(mark, { panel, front, x, y }) {
      const formulas = [compile(mark.x), compile(mark.y)];
      const arrows = drawn(front, "path", { class: "arrows" });
      const parts = range(1, mark.count).map(n => n / (mark.count + 1));
      const between = (scale, { low, high }) =>
        parts.map(part => scale(low) + part * (scale(high) - scale(low)));
      const across = between(x, panel.x), up = between(y, panel.y);
      const long = 0.6 * (across[1] - across[0]);
      const pointing = (values, [left, top]) => {
        const place = { [panel.x.variable]: x.back(left), [panel.y.variable]: y.back(top) };
        const [right, up] = formulas.map(formula => formula({ ...values, ...place }));
        const step = [right * (x(1) - x(0)), up * (y(1) - y(0))], size = Math.hypot(...step);
        return size > 1e-9 ? arrow([left, top], step.map(part => part / size * long)) : "";
      };
      const places = across.flatMap(left => up.map(top => [left, top]));
      return values => {
        arrows.setAttribute("d", places.map(place => pointing(values, place)).join(""));
      };
    },

    Points(mark, { front, x, y }) {
      const style = `sign s${mark.sign.codePointAt(0) % 5}`;
      mark.x.forEach((place, i) => {
        const at = { x: near(x(place)), y: near(y(mark.y[i]) + 3.5) };
        drawn(front, "text", { class: style, ...at }, mark.sign);
      });
      return () => {};
    },

    Bars(mark, { front, back, width, floor, y, styles }) {
      const labels = Object.keys(mark.heights);
      const each = (width - EDGE.left - EDGE.right) / labels.length;
      const bars = labels.map((label, i) => {
        const left = EDGE.left + each * i, middle = left + each / 2;
        drawn(back, "text", { x: middle, y: floor + 16, "text-anchor": "middle" }, label);
        const shape = { class: `bar s${styles[label]}`, x: left + each / 5, width: each * 0.6 };
        return [drawn(front, "rect", shape), compile(mark.heights[label])];
      });
      return values => bars.forEach(([bar, formula]) => {
        const [top, bottom] = [y(0), y(formula(values))].sort((a, b) => a - b).map(near);
        bar.setAttribute("y", top);
        bar.setAttribute("height", bottom - top || 0);
      });
    },

    Histogram(mark, { panel, front, x, y, styles }) {
      const shares = compileHistogram(mark, panel.x), style = `s${styles[mark.label]}`;
      const area = drawn(front, "path", { class: `area ${style}` });
      const line = drawn(front, "path", { class: `line ${style}` });
      const ends = [x(panel.x.low), x(panel.x.high)], each = (ends[1] - ends[0]) / mark.bins;
      return values => {
        const steps = shares(values).flatMap((share, i) =>
          [i, i + 1].map(edge => [ends[0] + edge * each, y(share)]));
        line.setAttribute("d", lineThrough(steps));
        const [left, right] = ends.map(end => [end, y(0)]);
        area.setAttribute("d", lineThrough([left, ...steps, right]));
      };
    },

    Dot(mark, plot) {
      const formulas = [compile(mark.x), compile(mark.y)];
      const style = `dot s${plot.styles[mark.of]}`;
      const dot = drawn(plot.front, "circle", { class: style, r: 5 });
      return values => moveTo(dot, formulas, values, plot);
    },

    Handle(mark, plot) {
      const { settings } = plot.figure.spec, names = Object.keys(mark.sets);
      const node = drawn(plot.top, "g", {
        class: `handle s${plot.styles[mark.of]}`, tabindex: 0, role: "slider",
        "aria-label": mark.label, "aria-valuemin": settings[names[0]].low,
        "aria-valuemax": settings[names[0]].high,
      });
      drawn(node, "circle", { class: "target", r: 16 });
      drawn(node, "circle", { class: "dot", r: 8 });
      const formulas = [compile(mark.x), compile(mark.y)], used = JSON.stringify(mark.sets);
      const handle = {
        node, formulas, names, sets: compileAll(mark.sets),
        uses: [plot.panel.x, plot.panel.y].map(axis => used.includes(`"${axis.variable}"`)),
      };
      plot.handles.push(handle);
      makeMovable(handle, plot);
      return values => {
        moveTo(node, formulas, values, plot);
        const words = names.map(name =>
          `${settings[name].label} ${inWords(settings[name], values[name])}`);
        node.setAttribute("aria-valuenow", values[names[0]]);
        node.setAttribute("aria-valuetext", words.join(", "));
      };
    },
  };

  // ---------------------------------------------------------------- handles

  const KEYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  const placeOf = (handle, { figure }) => handle.formulas.map(formula => formula(figure.values));

  function pointedAt(event, { svg, x, y }) {
    const pointer = new DOMPoint(event.clientX, event.clientY);
    const point = pointer.matrixTransform(svg.getScreenCTM().inverse());
    return [x.back(point.x), y.back(point.y)];
  }

  function put(handle, { figure, panel }, [across, up]) {
    const place = { [panel.x.variable]: across, [panel.y.variable]: up };
    figure.set(results(handle.sets, { ...figure.values, ...place }));
  }

  function makeMovable(handle, plot) {
    const { node } = handle;
    node.addEventListener("pointerdown", event => {
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
    });
    // Chromium leaves touch-action aside inside of an SVG: without this the page scrolls.
    node.addEventListener("touchstart", event => event.preventDefault(), { passive: false });
    node.addEventListener("pointermove", event => {
      if (node.hasPointerCapture(event.pointerId)) put(handle, plot, pointedAt(event, plot));
    });
    node.addEventListener("keydown", event => {
      if (moveByKey(event, handle, plot)) event.preventDefault();
    });
  }

  // By a step of what the handle sets, ten with Shift; Home and End go to its ends.
  function moveByKey({ key, shiftKey }, handle, plot) {
    const { settings } = plot.figure.spec, [first] = handle.names;
    const end = { Home: "low", End: "high" }[key];
    if (end) plot.figure.set({ [first]: settings[first][end] });
    if (!(key in KEYS)) return Boolean(end);
    const step = Math.max(...handle.names.map(name => settings[name].step));
    const [right, up] = KEYS[key].map(part => part * step * (shiftKey ? 10 : 1));
    const [across, height] = placeOf(handle, plot);
    // What hangs on one axis alone is moved along it by all four keys.
    const both = handle.uses.every(Boolean), any = right + up;
    put(handle, plot, [across + (both ? right : any), height + (both ? up : any)]);
    return true;
  }

  // A tap beside all handles brings the nearest one: dragging is not needed.
  function bringNearest(event, plot) {
    if (event.target.closest(".handle")) return;
    const [across, up] = pointedAt(event, plot), { x, y } = plot;
    const far = handle => {
      const place = placeOf(handle, plot);
      return Math.hypot(x(place[0]) - x(across), y(place[1]) - y(up));
    };
    const [nearest] = [...plot.handles].sort((a, b) => far(a) - far(b));
    put(nearest, plot, [across, up]);
  }

  // ---------------------------------------------------------------- panels

  let clips = 0;

  // Axes with equal units set the height, that of a panel beside them, too.
  function heightOver(inner, panel, width, figure) {
    const beside = !panel.wide && width < figure.box.clientWidth * 0.6;
    const model = panel.equal ? panel : beside && figure.spec.panels.find(other => other.equal);
    if (!model) return Math.min(220, Math.max(150, inner * 0.6));
    return inner * (model.y.high - model.y.low) / (model.x.high - model.x.low);
  }

  function drawPanel(figure, panel, box) {
    const width = Math.max(200, box.clientWidth), inner = width - EDGE.left - EDGE.right;
    const floor = EDGE.top + heightOver(inner, panel, width, figure);
    const height = floor + (panel.x ? EDGE.bottom : EDGE.bottom / 2);
    const svg = drawn(box, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-label": panel.title });
    const id = `playable-clip-${clips++}`;
    drawn(drawn(svg, "clipPath", { id }), "rect",
      { x: EDGE.left, y: EDGE.top, width: inner, height: floor - EDGE.top });
    const plot = {
      figure, panel, svg, width, height, floor, styles: figure.spec.styles, handles: [],
      x: panel.x && scaleOf(panel.x, EDGE.left, width - EDGE.right),
      y: scaleOf(panel.y, floor, EDGE.top),
      back: drawn(svg, "g", { "aria-hidden": true }),
      front: drawn(svg, "g", { "aria-hidden": true, "clip-path": `url(#${id})` }),
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
    const canvas = element(box, "canvas",
      { width: side, height: side, role: "img", "aria-label": picture.title });
    const context = canvas.getContext("2d"), pixels = context.createImageData(side, side);
    return values => {
      network(inputs.map(input => input(values))).forEach((ink, i) => {
        const grey = Math.round(255 * (1 - ink));
        pixels.data.set([grey, grey, grey, 255], 4 * i);
      });
      context.putImageData(pixels, 0, 0);
    };
  }

  // ---------------------------------------------------------------- graphs

  const BOX = { width: 76, height: 62 }, UPRIGHT = 480; // pixels; narrower: layers downwards

  const brief = value => minus(String(Number(value.toFixed(3)) + 0));

  // Where the boxes' middles are, by label, and how large the drawing is.
  function layOut(boxes, width) {
    const layers = boxes.map(box => box.layer), across = boxes.map(box => box.place);
    const last = Math.max(...layers), low = Math.min(...across), high = Math.max(...across);
    const down = width < UPRIGHT;
    const along = down ? BOX.height + 84 : (width - BOX.width - 4) / last;
    const aside = down ? Math.min(130, (width - BOX.width - 4) / (high - low)) : BOX.height + 26;
    const first = down ? (width - aside * (high - low)) / 2 : BOX.height / 2 + 4;
    const start = (down ? BOX.height : BOX.width) / 2 + 2;
    const places = boxes.map(({ label, layer, place }) => {
      const pair = [start + layer * along, first + (place - low) * aside];
      return [label, down ? pair.reverse() : pair];
    });
    const height = down ? 2 * start + last * along : 2 * first + (high - low) * aside;
    return { down, height, places: Object.fromEntries(places) };
  }

  // From the middle of one box to that of another, but for the boxes themselves.
  function between([x1, y1], [x2, y2], down) {
    const half = (down ? BOX.height : BOX.width) / 2 + 1;
    const cut = half / Math.abs(down ? y2 - y1 : x2 - x1);
    const at = part => [x1 + part * (x2 - x1), y1 + part * (y2 - y1)];
    return part => at(cut + part * (1 - 2 * cut));
  }

  function head(at, tip, from) {
    const [[x, y], [x0, y0]] = [at(tip), at(from)], size = Math.hypot(x - x0, y - y0);
    const [dx, dy] = [(x - x0) / size * 8, (y - y0) / size * 8];
    return lineThrough([[x - dx - dy / 2, y - dy + dx / 2], [x, y], [x - dx + dy / 2, y - dy - dx / 2]]);
  }

  // Each number: what draws it, if the step has come at which it appears.
  function fills(node, { value, step: since }) {
    const formula = compile(value);
    return (values, step) => {
      node.textContent = step >= since ? brief(formula(values)) : "";
      node.classList.toggle("now", step === since);
    };
  }

  function drawLink(link, svg, { down, places }, boxes) {
    const at = between(places[link.start], places[link.end], down);
    const line = drawn(svg, "path", { class: "line link", d: lineThrough([at(0), at(1)]) });
    const tip = drawn(svg, "path", { class: "line link" });
    const passes = compile(link.passes), updates = [], [x, y] = at(0.78);
    const alone = link.weight === null; // else two numbers, beside or above each other
    const word = (kind, side) => drawn(svg, "text", {
      class: kind,
      x: down ? x : x + 4 * side,
      y: y + (down ? 5 + 8.5 * side : 5),
      "text-anchor": down || !side ? "middle" : side < 0 ? "end" : "start",
    });
    if (!alone) updates.push(fills(word("forward", -1), { value: link.weight, step: 0 }));
    if (link.back) updates.push(fills(word("back", alone ? 0 : 1), link.back));
    const steps = [boxes[link.end].value.step, link.back?.step ?? boxes[link.start].back?.step];
    return (values, step) => {
      const [forward, back] = steps.map(since => since === step);
      for (const part of [line, tip]) {
        part.classList.toggle("forward", forward);
        part.classList.toggle("back", back);
      }
      line.classList.toggle("broken", passes(values) === 0);
      tip.setAttribute("d", forward ? head(at, 1, 0) : back ? head(at, 0, 1) : "");
      updates.forEach(update => update(values, step));
    };
  }

  function drawBox(box, svg, [x, y]) {
    const { width, height } = BOX, attributes = { width, height, rx: 5 };
    drawn(svg, "rect", { class: "box", x: x - width / 2, y: y - height / 2, ...attributes });
    const word = (kind, up) =>
      drawn(svg, "text", { class: kind, x, y: y + up, "text-anchor": "middle", "data-box": box.label });
    word("label", -15).textContent = box.label;
    const updates = [fills(word("forward", 5), box.value)];
    if (box.back) updates.push(fills(word("back", 24), box.back));
    return (values, step) => updates.forEach(update => update(values, step));
  }

  function drawGraph(graph, box) {
    const width = Math.max(200, box.clientWidth), plan = layOut(graph.boxes, width);
    const svg = drawn(box, "svg", { viewBox: `0 0 ${width} ${plan.height}`, role: "img", class: "graph" });
    const says = element(box, "p", { class: "says", "aria-live": "polite" });
    const boxes = Object.fromEntries(graph.boxes.map(one => [one.label, one]));
    const updates = [
      ...graph.links.map(link => drawLink(link, svg, plan, boxes)),
      ...graph.boxes.map(one => drawBox(one, svg, plan.places[one.label])),
    ];
    const words = [...svg.querySelectorAll("text.forward[data-box], text.back[data-box]")];
    return values => {
      const step = values[graph.step];
      updates.forEach(update => update(values, step));
      if (says.textContent !== graph.says[step]) says.textContent = graph.says[step];
      const filled = words.filter(word => word.textContent).map(word =>
        `${word.dataset.box}${word.classList.contains("back") ? " back" : ""} ${word.textContent}`);
      svg.setAttribute("aria-label", `${graph.title}: ${filled.join(", ")}`);
    };
  }

  // ---------------------------------------------------------------- beneath

  function addLegend({ spec }, box) {
    for (const [label, style] of Object.entries(spec.styles)) {
      const entry = element(box, "span");
      const key = drawn(entry, "svg", { viewBox: "0 0 34 8", "aria-hidden": true });
      drawn(key, "path", { class: `line s${style}`, d: "M0,4H34" });
      entry.append(label);
    }
  }

  // Where a number stands. Those whose labels end alike, as in "distance, in turns", stand
  // together; a verdict answers what a reader should guess at first, so it is folded.
  function standOf(label, number, labels, box) {
    const [name, group] = label.split(", ");
    const grouped = group && labels.filter(other => other.endsWith(`, ${group}`)).length > 1;
    const said = grouped ? name : label;
    let around = box;
    if (grouped) {
      around = [...box.children].find(one => one.dataset.group === group);
      if (!around) {
        around = element(box, "div", { class: "group", "data-group": group });
        element(around, "b", {}, group);
      }
    }
    if (number.kind !== "Verdict") return element(around, "span", {}, `${said} = `);
    const answer = element(around, "details");
    element(answer, "summary", {}, said);
    return answer;
  }

  function addNumbers({ spec }, box) {
    const numbers = Object.entries(spec.numbers).map(([label, number]) => {
      const place = standOf(label, number, Object.keys(spec.numbers), box);
      const output = element(place, "output", { "data-label": label });
      if (number.kind === "Verdict") return [output, compileVerdict(number)];
      if (number.kind !== "Orbit") return [output, compile(number)];
      const places = compileOrbit(number);
      return [output, values => places(values).at(-1)[1]];
    });
    return values => numbers.forEach(([output, formula]) => {
      const result = formula(values);
      output.textContent = typeof result === "string" ? result : said(result);
    });
  }

  function addSlider(figure, name, box) {
    const setting = figure.spec.settings[name], { low, high, step } = setting;
    const place = element(box, "div", { class: "setting" }), label = element(place, "label");
    const output = element(element(label, "span", {}, `${setting.label} = `), "output");
    const input = element(label, "input", { type: "range", min: low, max: high, step, name });
    input.addEventListener("input", () => figure.set({ [name]: input.valueAsNumber }));
    if (setting.plays) addPlayer(figure, name, place);
    if (setting.walks) addWalker(figure, name, place);
    return values => {
      input.value = values[name];
      output.textContent = inWords(setting, values[name]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
  }

  // Two buttons: one step further, and step after step until the end.
  function addPlayer(figure, name, box) {
    const { low, high, step } = figure.spec.settings[name];
    const once = element(box, "button", { type: "button" }, "One step");
    const play = element(box, "button", { type: "button", class: "play" }, "Play");
    let timer = 0;
    const atEnd = () => figure.values[name] >= high;
    const further = () => figure.set({ [name]: atEnd() ? low : figure.values[name] + step });
    const become = (playing, word) => {
      clearInterval(timer);
      timer = playing;
      play.textContent = word;
      figure.numbers.setAttribute("aria-live", playing ? "off" : "polite");
    };
    const stop = () => become(0, "Play");
    once.addEventListener("click", () => { stop(); further(); });
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (atEnd()) figure.set({ [name]: low });
      become(setInterval(() => {
        further();
        if (atEnd() || calm.matches) stop();
      }, FRAME), "Pause");
    });
    figure.stops.push(stop);
  }

  // Two buttons: one step back, and one forward.
  function addWalker(figure, name, box) {
    const { step } = figure.spec.settings[name], pair = element(box, "div", { class: "walk" });
    for (const [word, by] of [["Back", -step], ["Forward", step]]) {
      element(pair, "button", { type: "button" }, word)
        .addEventListener("click", () => figure.set({ [name]: figure.values[name] + by }));
    }
  }

  // ---------------------------------------------------------------- the figure

  // Sets are clamped and rounded to a setting's steps, and all is drawn again.
  function makeSettable(figure, show) {
    figure.set = changes => {
      for (const [name, value] of Object.entries(changes)) {
        const { low, high, step } = figure.spec.settings[name];
        if (Number.isNaN(value)) continue;
        const count = Math.round((Math.min(high, Math.max(low, value)) - low) / step);
        figure.values[name] = Math.min(high, Number((low + count * step).toFixed(10)));
      }
      show();
    };
  }

  function bringToLife(place) {
    const spec = JSON.parse(place.querySelector("script").textContent);
    const description = place.querySelector("img").alt;
    const box = element(place, "div", { class: "live", role: "group", "aria-label": description });
    const figure = { spec, box, values: {}, stops: [] };
    const panels = element(box, "div", { class: "panels" });
    const boxes = spec.panels.map(panel => {
      const around = element(panels, "div", { class: panel.wide ? "panel wide" : "panel" });
      element(around, "div", { class: "title", "aria-hidden": true }, panel.title);
      return element(around, "div");
    });
    addLegend(figure, element(box, "div", { class: "legend" }));
    figure.numbers = element(box, "div", { class: "numbers", "aria-live": "polite" });
    const controls = element(box, "div", { class: "settings" });
    const names = Object.keys(spec.settings).filter(name => spec.settings[name].slider);
    const beneath = [
      addNumbers(figure, figure.numbers), ...names.map(name => addSlider(figure, name, controls)),
    ];
    let above = [], width = 0;
    makeSettable(figure, () => [...above, ...beneath].forEach(update => update(figure.values)));
    const starts = Object.fromEntries(
      Object.entries(spec.settings).map(([name, setting]) => [name, setting.start]));
    element(controls, "button", { type: "button" }, "Reset").addEventListener("click", () => {
      figure.stops.forEach(stop => stop());
      figure.set(starts);
    });
    place.classList.add("plays");
    figure.set(starts);
    new ResizeObserver(() => {
      if (panels.clientWidth === width || panels.clientWidth === 0) return;
      width = panels.clientWidth;
      above = spec.panels.map((panel, i) => {
        boxes[i].replaceChildren();
        const draw = { Picture: drawPicture, Graph: drawGraph }[panel.kind];
        return draw ? draw(panel, boxes[i]) : drawPanel(figure, panel, boxes[i]);
      });
      figure.set({});
    }).observe(panels);
  }

  window.playable = { // for the tests
    compile, compileOrbit, compileVerdict, compileHistogram, compileNetwork,
  };
  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".playable").forEach(bringToLife);
  });
})();
