// The reader's own steps. The book's checker runs in a worker, from the book's own files,
// and is loaded when the reader asks for it; without it a page is whole.
(() => {
  const files = new URL(".", document.currentScript.src);
  const root = new URL("..", files);
  const page = location.href.slice(root.href.length).replace(/\.html.*$/, "").replace(/^book\//, "");
  const MEGABYTE = 1e6, PAUSE = 250; // milliseconds after a key until the line is read

  // ------------------------------------------------------------------ the checker

  const engine = {
    worker: null, starting: null, cancel: null, waiting: new Map(), count: 0, data: null,

    // Why it cannot run here, in one sentence, or nothing.
    obstacle() {
      if (location.protocol === "file:") return "A page that is opened from a folder cannot run the checker: serve the folder, for instance by `python -m http.server`, and open the page from there.";
      if (typeof WebAssembly !== "object") return "This browser does not allow WebAssembly, which the checker needs.";
      return "";
    },

    start(tell) {
      this.starting ??= new Promise((resolve, reject) => {
        this.cancel = reject;
        this.started(tell).then(resolve, error => {
          reject(error);
          this.stop();
        });
      });
      return this.starting;
    },

    async started(tell) {
      const begun = performance.now();
      const sizes = await (await fetch(new URL("checker/sizes.json", files))).json();
      const total = Object.values(sizes).reduce((a, b) => a + b);
      this.data ??= await (await fetch(new URL(`derivations/${page}.json`, files))).json();
      this.worker = new Worker(new URL("checker/worker.mjs", files), { type: "module" });
      await new Promise((resolve, reject) => {
        this.worker.onerror = event => reject(new Error(event.message || "its worker could not start"));
        this.worker.onmessage = ({ data }) => {
          if (data.loaded) tell(`Loading Python and SymPy: ${(data.loaded / MEGABYTE).toFixed(1)} of ${(total / MEGABYTE).toFixed(1)} MB`);
          if (data.failed) reject(new Error(data.failed));
          if (data.ready) resolve();
          if (data.id) this.answered(data);
        };
      });
      await Promise.all([this.question({ ask: "load", chains: this.data }), typesetter()]);
      tell(`Ready, after ${((performance.now() - begun) / 1000).toFixed(1)} seconds.`);
    },

    answered({ id, found }) {
      this.waiting.get(id)?.resolve(found);
      this.waiting.delete(id);
    },

    question(question) {
      const id = ++this.count;
      return new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        this.worker.postMessage({ id, question });
      });
    },

    // Ends what is being computed; the next start is a fresh one.
    stop() {
      this.worker?.terminate();
      this.cancel?.(new Error("stopped"));
      for (const { reject } of this.waiting.values()) reject(new Error("stopped"));
      this.waiting.clear();
      this.worker = this.starting = null;
    },
  };

  let typesetting = null;
  function typesetter() {
    typesetting ??= new Promise((resolve, reject) => {
      window.MathJax = {
        loader: { load: ["input/tex"], paths: { mathjax: new URL("mathjax", files).href } },
        startup: { typeset: false, ready() { MathJax.startup.defaultReady(); MathJax.startup.promise.then(resolve); } },
      };
      const script = document.createElement("script");
      script.src = new URL("mathjax/startup.js", files);
      script.onerror = () => reject(new Error("MathJax could not be loaded"));
      document.head.append(script);
    });
    return typesetting;
  }

  // A line as the book sets it: MathJax reads the TeX, the checker lays it out.
  async function formula(latex) {
    const mathml = await MathJax.tex2mmlPromise(latex, { display: true });
    const { html } = await engine.question({ ask: "lay_out", mathml });
    const box = make("div", { class: "math" });
    box.innerHTML = html;
    return box;
  }

  // ------------------------------------------------------------------ pieces of a page

  function make(name, attributes = {}, ...inside) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== false) element.setAttribute(key, value);
    }
    element.append(...inside);
    return element;
  }

  // What stands between backticks is code.
  const marked = text => text.split("`").map((part, i) => i % 2 ? make("code", {}, part) : part);

  const button = (text, onclick, more = {}, ...inside) => make("button", { type: "button", onclick, ...more }, text, ...inside);

  // Where a line is typed: the text, how it reads, what it may name, and what is said of it.
  class Desk {
    constructor(chain, submit) {
      this.chain = chain;
      this.text = make("textarea", { rows: 2, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-label": "The next line" });
      this.reading = make("div", { class: "reading", "aria-live": "polite" });
      this.status = make("p", { class: "status", role: "status" });
      this.names = make("div", { class: "names" });
      this.buttons = make("p", { class: "buttons" });
      this.check = button("Check", () => submit(), { class: "primary" });
      this.halt = button("Stop", () => engine.stop(), { hidden: "" });
      this.buttons.append(this.check, this.halt);
      this.text.addEventListener("input", () => this.read());
      this.text.addEventListener("keydown", event => {
        if (event.key === "Enter" && !event.shiftKey) {
          event.preventDefault();
          submit();
        }
      });
      this.parts = [this.text, this.reading, this.buttons, this.status, this.names];
    }

    say(text, kind = "") {
      this.status.textContent = text;
      this.status.dataset.kind = kind;
    }

    // One thing at a time, from a click until all that follows from it is shown: what is
    // asked for in between is not begun. A stop or a failure on the way is said.
    async alone(work) {
      if (this.busy) return;
      this.hold(true);
      this.say(engine.starting ? "Checking ..." : "Loading the checker ...");
      try {
        await engine.start(text => this.say(text));
        await work();
      } catch (error) {
        this.say(error.message === "stopped" ? "Stopped. What you typed is still here." : `The checker cannot run here: ${error.message}.`, "undecided");
      } finally {
        this.hold(false);
      }
    }

    // A button that waits keeps the focus, so it says that it is off and is not switched off.
    hold(busy) {
      this.busy = busy;
      this.halt.hidden = !busy;
      for (const waiting of this.buttons.children) {
        if (waiting !== this.halt) waiting.setAttribute("aria-disabled", String(busy));
      }
    }

    ask(question) {
      if (question.ask !== "describe") this.say("Checking ...");
      return engine.question({ chain: this.chain, ...question });
    }

    read() {
      clearTimeout(this.timer);
      this.timer = setTimeout(async () => {
        const text = this.text.value;
        if (!text.trim() || !engine.starting) return this.reading.replaceChildren();
        try {
          await engine.starting;
          const found = await engine.question({ ask: "read", chain: this.chain, text });
          if (text !== this.text.value) return;
          this.reading.replaceChildren(found.latex ? await formula(found.latex) : make("span", { class: "unread" }, found.message));
        } catch { /* stopped: nothing is read */ }
      }, PAUSE);
    }

    insert(name) {
      const { selectionStart: start, selectionEnd: end, value } = this.text;
      this.text.value = value.slice(0, start) + name + value.slice(end);
      this.text.focus();
      this.text.selectionStart = this.text.selectionEnd = start + name.length;
      this.read();
    }

    async list({ names, functions }) {
      const chips = await Promise.all(names.map(([name, latex]) => this.chip(name, latex)));
      this.names.replaceChildren(
        make("p", {}, "A line may name these; a tap writes one:"),
        make("p", { class: "chips" }, ...chips),
        make("p", {}, "and ", ...functions.flatMap(use => [make("code", {}, use), " "]), "with ", make("code", {}, "+ - * / **"), " and whole numbers."),
      );
    }

    async chip(name, latex) {
      const shown = await formula(latex);
      return button("", () => this.insert(name), { class: "name", "data-name": name }, ...shown.childNodes, make("code", {}, name));
    }
  }

  // ------------------------------------------------------------------ derive it yourself

  class Attempt {
    constructor(section) {
      const exercise = JSON.parse(section.dataset.exercise);
      Object.assign(this, { section, exercise });
      this.key = `checked-gradients/${page}/${section.id}`;
      this.texts = [];
      this.earlier = this.stored();
      this.lines = make("ol", { class: "taken" });
      this.desk = new Desk(exercise.chain, () => this.submit());
      this.desk.buttons.append(
        button("Hint", () => this.act(() => this.hint())),
        button("Undo", () => this.act(() => this.back())),
        button("Copy as a cell", () => this.act(() => this.copy())),
      );
      this.hinted = 0;
      this.open = button("Begin", () => this.begin(), { class: "primary" });
      section.querySelector(".needs-scripts").remove();
      const obstacle = engine.obstacle();
      section.append(obstacle ? make("p", { class: "status" }, ...marked(obstacle)) : make("p", {}, this.open));
    }

    async begin() {
      this.open.parentNode.remove();
      this.section.append(this.lines, ...this.desk.parts);
      this.desk.text.focus();
      await this.act(() => {
        if (!this.texts.length) this.desk.say("Ready. Write the line that comes next.");
      });
      this.desk.read();
    }

    // Whatever is done here begins with the names and with the lines of an earlier visit,
    // unless they stand already: a stop leaves what is missing to the next try.
    act(work) {
      return this.desk.alone(async () => {
        if (!this.desk.names.hasChildNodes()) await this.desk.list(await this.desk.ask({ ask: "describe" }));
        while (this.earlier.length) {
          if (await this.take(this.earlier[0])) this.earlier.shift();
          else this.earlier = [];
        }
        await work();
      });
    }

    stored() {
      try {
        return JSON.parse(localStorage.getItem(this.key)) ?? [];
      } catch {
        return [];
      }
    }

    store() {
      try {
        localStorage.setItem(this.key, JSON.stringify(this.texts));
      } catch { /* storage is refused: the lines stay on the page */ }
    }

    submit() {
      const text = this.desk.text.value.trim();
      if (text) this.act(async () => {
        if (!await this.take(text)) return;
        this.store();
        if (this.desk.text.value.trim() !== text) return; // the next line is being written
        this.desk.text.value = "";
        this.desk.reading.replaceChildren();
      });
    }

    // Has a line checked; a line that holds is added to those before it.
    async take(text) {
      const found = await this.desk.ask({ ask: "check", ...this.exercise, texts: this.texts, text });
      const taken = found.kind === "accepted" || found.kind === "done";
      if (taken) {
        const line = make("li", {}, await formula(`= ${found.latex}`), make("code", {}, text));
        this.texts.push(text);
        this.lines.append(line);
        this.hinted = 0;
      }
      this.desk.say(sentence(found.message), found.kind);
      (found.forms ?? []).forEach((passed, i) => this.section.querySelectorAll(".way li")[i].classList.toggle("passed", passed));
      this.section.classList.toggle("done", found.kind === "done");
      return taken;
    }

    back() {
      if (!this.texts.pop()) return this.desk.say("There is no line to take back.");
      this.lines.lastElementChild.remove();
      this.section.classList.remove("done");
      this.store();
      this.desk.say(`${this.texts.length} line${this.texts.length === 1 ? "" : "s"} left.`);
    }

    async hint() {
      const found = await this.desk.ask({ ask: "hint", ...this.exercise, texts: this.texts });
      const texts = [found.because ? `The book's next reason: ${found.because}.` : "Next comes the conclusion.", `The book's next line: ${found.text}`];
      this.desk.say(texts[Math.min(this.hinted++, 1)].replaceAll("$", ""));
    }

    async copy() {
      const { variable } = engine.data?.[this.exercise.chain] ?? {};
      const steps = this.texts.map((text, i) => `mine.step(${JSON.stringify(text)}, because="my line ${i + 1}")`);
      const cell = [`mine = ${variable}.again(${this.exercise.first})`, ...steps, "mine"].join("\n");
      try {
        await navigator.clipboard.writeText(cell);
        this.desk.say("Copied: paste it below the derivation in the chapter's notebook.");
      } catch {
        this.desk.say("This browser does not let the page copy; the cell stands in the field.");
        this.desk.text.value = cell;
      }
    }
  }

  const sentence = text => text ? `${text[0].toUpperCase()}${text.slice(1).replace(/[.]$/, "")}.` : "";

  // ------------------------------------------------------------------ break a step

  class Change {
    constructor(derivation) {
      this.chain = Number(derivation.dataset.derivation);
      this.open = button("Break a step", () => this.toggle(), { class: "break", "aria-expanded": "false" });
      this.panel = make("div", { class: "change", hidden: "" });
      this.desk = new Desk(this.chain, () => this.submit());
      this.choice = make("select", { "aria-label": "The line to change", onchange: () => this.choose() });
      let place = derivation;
      while (place.nextElementSibling?.matches("div.math, p")) place = place.nextElementSibling;
      if (place.matches("p")) place.append(" ", this.open);
      else place.after(this.open);
      (place.matches("p") ? place : this.open).after(this.panel);
    }

    async toggle() {
      this.panel.hidden = !this.panel.hidden;
      this.open.setAttribute("aria-expanded", String(!this.panel.hidden));
      if (this.panel.hidden || this.panel.childElementCount) return;
      const obstacle = engine.obstacle();
      this.panel.append(...obstacle ? [make("p", { class: "status" }, ...marked(obstacle))] : [this.choice, ...this.desk.parts]);
      if (obstacle) return;
      await this.desk.alone(() => this.prepare());
    }

    async prepare() {
      if (this.texts) return;
      const found = await this.desk.ask({ ask: "describe" });
      this.texts = found.lines.map(line => line.text);
      this.choice.append(...found.reasons.map((reason, i) => make("option", { value: i }, `line ${i + 2}: ${reason.replaceAll("$", "") || "the conclusion"}`)));
      await this.desk.list(found);
      this.choose();
      this.desk.say("Change something, and have it checked against the line before it.");
    }

    choose() {
      this.desk.text.value = this.texts[Number(this.choice.value) + 1];
      this.desk.read();
    }

    submit() {
      const text = this.desk.text.value.trim();
      if (text) this.desk.alone(async () => {
        await this.prepare();
        const found = await this.desk.ask({ ask: "change", step: Number(this.choice.value), text });
        this.desk.say(sentence(found.message), found.kind);
      });
    }
  }

  addEventListener("DOMContentLoaded", () => {
    for (const section of document.querySelectorAll("section.derive")) new Attempt(section);
    for (const derivation of document.querySelectorAll("article div.math[data-derivation]")) {
      if (!derivation.closest("section.derive")) new Change(derivation);
    }
  });
})();
