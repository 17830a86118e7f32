// The translator in the page: lib/pages/translator.py says what its data are. The same
// few products as lib/models/transformer.py's, written out; and what the reader sees.

(() => {
  // ---------------------------------------------------------------- numbers

  function floats(packed) {
    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer), size = bytes.length / 4;
    return Float32Array.from({ length: size }, (_, i) => view.getFloat32(4 * i, true));
  }

  const plus = (x, y) => x.map((number, i) => number + y[i]);

  // The rows of a matrix times x, each with its bias.
  function linear({ weight, bias }, x) {
    return bias.map((sum, row) => {
      const first = row * x.length;
      for (let i = 0; i < x.length; i++) sum += weight[first + i] * x[i];
      return sum;
    });
  }

  function layerNorm({ weight, bias }, x) {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((sum, a) => sum + (a - mean) ** 2, 0) / x.length;
    const spread = Math.sqrt(variance + 1e-5);
    return x.map((a, i) => (a - mean) / spread * weight[i] + bias[i]);
  }

  function softmax(scores) {
    const highest = Math.max(...scores);
    const powers = scores.map(score => Math.exp(score - highest));
    const whole = powers.reduce((a, b) => a + b);
    return powers.map(power => power / whole);
  }

  // ---------------------------------------------------------------- the network

  function compileNetwork({ sizes, weights }) {
    const { width, heads, encoder_layers, decoder_layers } = sizes;
    const each = width / heads;
    const numbers = Object.fromEntries(
      Object.entries(weights).map(([name, kept]) => [name, floats(kept.float32)]));
    // A layer of PyTorch's; 64-bit biases, so that sums are taken in 64 bits.
    const part = name => ({
      weight: numbers[`${name}.weight`],
      bias: Float64Array.from(numbers[`${name}.bias`]),
    });
    const embedding = {
      weight: numbers["embedding.weight"], bias: new Float64Array(sizes.vocabulary),
    };

    const cut = x =>
      Array.from({ length: heads }, (_, h) => x.subarray(h * each, (h + 1) * each));

    // One attention: what it keeps of a place that is looked at, and what a place that
    // looks gathers from all of these.
    function attention(name) {
      const [query, key, value, output] =
        ["query", "key", "value", "output"].map(which => part(`${name}.${which}`));
      const norms = sizes.qk_norm && [part(`${name}.query_norm`), part(`${name}.key_norm`)];
      const split = (layer, norm, x) => {
        const parts = cut(linear(layer, x));
        return norms ? parts.map(head => layerNorm(norm, head)) : parts;
      };
      return {
        seen: x => ({ keys: split(key, norms[1], x), values: cut(linear(value, x)) }),
        look(x, places) {
          const gathered = new Float64Array(width), scale = Math.sqrt(each);
          const looks = split(query, norms[0], x).map((asked, h) => {
            const scores = places.map(({ keys }) =>
              keys[h].reduce((sum, k, i) => sum + k * asked[i], 0) / scale);
            const shares = softmax(scores);
            places.forEach(({ values }, place) => values[h].forEach((v, i) => {
              gathered[h * each + i] += shares[place] * v;
            }));
            return shares;
          });
          return { gathered: linear(output, gathered), looks };
        },
      };
    }

    const residual = (name, inner) =>
      ({ norm: part(`${name}.norm_of_input`), ...inner(`${name}.branch`) });
    function feedForward(name) {
      const first = part(`${name}.0`), last = part(`${name}.2`); // 1 is the ReLU
      return { apply: x => linear(last, linear(first, x).map(a => Math.max(a, 0))) };
    }
    const added = (x, branch) => plus(x, branch.apply(layerNorm(branch.norm, x)));

    const blocks = (side, count, makers) => Array.from({ length: count }, (_, i) =>
      Object.fromEntries(Object.entries(makers).map(([name, inner]) =>
        [name, residual(`${side}.${i}.${name}`, inner)])));
    const encoder = blocks("encoder", encoder_layers,
      { attention, feed_forward: feedForward });
    const decoder = blocks("decoder", decoder_layers,
      { attention, cross_attention: attention, feed_forward: feedForward });
    const ends = { encoder: part("encoder_norm"), decoder: part("decoder_norm") };

    function embed(token, place) {
      return Float64Array.from({ length: width }, (_, i) => {
        const turned = place * Math.exp((i - i % 2) * -Math.log(10000) / width);
        return embedding.weight[token * width + i] * Math.sqrt(width)
          + (i % 2 ? Math.cos(turned) : Math.sin(turned));
      });
    }

    function encode(tokens) {
      let stream = tokens.map(embed);
      for (const block of encoder) {
        const normed = stream.map(x => layerNorm(block.attention.norm, x));
        const places = normed.map(block.attention.seen);
        stream = stream
          .map((x, i) => plus(x, block.attention.look(normed[i], places).gathered))
          .map(x => added(x, block.feed_forward));
      }
      return stream.map(x => layerNorm(ends.encoder, x));
    }

    // Decoding one source: a function of the next token, which gives the scores of the
    // one after it, and where the last block looked. It keeps what earlier places said.
    function decoding(memory) {
      const sources = decoder.map(block => memory.map(block.cross_attention.seen));
      const before = decoder.map(() => []);
      let place = 0;
      return token => {
        let x = embed(token, place++), looks;
        decoder.forEach((block, i) => {
          const own = layerNorm(block.attention.norm, x);
          before[i].push(block.attention.seen(own));
          x = plus(x, block.attention.look(own, before[i]).gathered);
          const asking = layerNorm(block.cross_attention.norm, x);
          const found = block.cross_attention.look(asking, sources[i]);
          x = added(plus(x, found.gathered), block.feed_forward);
          looks = found.looks;
        });
        return { scores: linear(embedding, layerNorm(ends.decoder, x)), looks };
      };
    }
    return { encode, decoding };
  }

  // ---------------------------------------------------------------- translating

  const [PADDING, BEGIN, END] = [0, 1, 2];
  // As WORDS of lib/models/translation.py.
  const WORDS = /\s?[\p{L}\p{M}]+|\p{N}|\s?[^\s\p{L}\p{M}\p{N}]|\s/gu;

  function compileTranslator(data) {
    const network = compileNetwork(data);
    const numbers = new Map(data.vocabulary.map((word, token) => [word, token]));
    const { special } = data;
    const tag = language => numbers.get(`<${language}>`);

    // The tokens of a text, or the first word that has none.
    function tokens(text) {
      const words = text.match(WORDS) ?? [];
      const unknown = words.find(word => !(numbers.get(word) >= special));
      return unknown === undefined
        ? { tokens: words.map(word => numbers.get(word)) } : { unknown: unknown.trim() };
    }

    const encode = found => network.encode([...found, END]);

    // The likeliest token, again and again, up to the end: greedy decoding.
    function translate(memory, language) {
      const next = network.decoding(memory), said = [], looks = [], chances = [];
      const limit = Math.min(2 * memory.length + 10, data.sizes.longest - 1);
      let token = tag(language);
      while (said.length < limit && token !== END) {
        const step = next(token), shares = softmax(step.scores);
        shares[PADDING] = shares[BEGIN] = 0;
        const chance = Math.max(...shares);
        token = shares.indexOf(chance);
        said.push(token);
        looks.push(step.looks);
        chances.push(chance);
      }
      const words = said.map(one => data.vocabulary[one]);
      const text = words.filter((_, i) => said[i] >= special).join("");
      return { text, words, looks, chances };
    }
    return { tokens, encode, translate };
  }

  // ---------------------------------------------------------------- the page

  const element = (parent, name, attributes = {}, text = "") => {
    const node = parent.appendChild(document.createElement(name));
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.textContent = text;
    return node;
  };
  const shown = word => word.trim().replace(/^<end>$/, "end") || "\u2423";
  // Not 100 for what is not sure.
  const percents = share => (Math.floor(1000 * share) / 10).toFixed(1);
  const LONGEST = 100; // letters of a text; each is a token at most

  function choice(form, label, options) {
    const box = element(element(form, "label", {}, label), "select");
    options.forEach(([value, name]) => element(box, "option", { value }, name));
    return box;
  }

  function play(figure, data) {
    const { languages, phrases } = data, codes = Object.keys(languages);
    const names = Object.entries(languages), translator = compileTranslator(data);
    const live = element(figure, "div", { class: "live" });
    const form = element(live, "div", { class: "settings" });
    const from = choice(form, "A held-out phrase in", names);
    const another = element(form, "button", { type: "button" }, "Another one");
    const field = element(live, "label", { class: "text" }, "or your own");
    const text = element(field, "input", { maxlength: LONGEST, spellcheck: "false" });
    const note = element(live, "p", { class: "note", role: "status" });
    const answers = element(live, "fieldset");
    element(answers, "legend", {}, "The network writes");
    const rows = names.map(([code, name], i) => {
      const row = element(answers, "label", { lang: code });
      const radio = element(row, "input", { type: "radio", value: code });
      radio.name = `into-${data.name}`;
      radio.checked = i === 1;
      element(row, "span", { class: "name", lang: "en" }, name);
      return {
        radio, code, text: element(row, "span"),
        verdict: element(row, "span", { class: "verdict", lang: "en" }),
      };
    });
    const heads = choice(live, "Attention of", [["", "all heads, in the mean"],
      ...Array.from({ length: data.sizes.heads }, (_, h) => [h, `head ${h + 1}`])]);
    const frame = element(live, "div", {
      class: "looks", tabindex: 0, role: "region", "aria-label": "Where it looks",
    });
    let number = 0, memory, source;

    const known = wanted =>
      phrases.find(phrase => codes.some((_, i) => phrase[i] === wanted));

    function drawLooks({ words, looks, chances }) {
      frame.replaceChildren();
      const table = element(frame, "table"), head = heads.value;
      const top = element(element(table, "thead"), "tr");
      element(top, "td");
      source.forEach(word => element(top, "th", { scope: "col" }, shown(word)));
      element(top, "th", { scope: "col", class: "chance" }, "how likely, %");
      const body = element(table, "tbody");
      looks.forEach((step, i) => {
        const row = element(body, "tr");
        element(row, "th", { scope: "row" }, shown(words[i]));
        const used = head === "" ? step : [step[head]];
        source.forEach((_, place) => {
          const share = used.reduce((sum, one) => sum + one[place], 0) / used.length;
          const percent = Math.round(100 * share);
          const cell = element(row, "td", {}, percent < 1 ? "" : percent);
          cell.style.setProperty("--share", share);
        });
        element(row, "td", { class: "chance" }, percents(chances[i]));
      });
    }

    function drawChosen() {
      const row = rows.find(one => one.radio.checked);
      if (memory) drawLooks(translator.translate(memory, row.code));
      else frame.replaceChildren();
    }

    function draw() {
      const found = translator.tokens(text.value), phrase = known(text.value);
      memory = undefined;
      if (found.unknown !== undefined) {
        note.textContent = `\u201c${found.unknown}\u201d occurs in no text that this `
          + "model was trained on: say it in other words.";
      } else if (text.value.trim() === "") {
        note.textContent = "Write a date, an amount, a measure, a duration or two "
          + "countries, in any of the languages.";
      } else {
        note.textContent = phrase
          ? "The network has not met this phrase in any language: its two halves only, "
            + "each in other company."
          : "This is no held-out phrase, so that the page has no right answers to it.";
        memory = translator.encode(found.tokens);
        source = [...found.tokens.map(token => data.vocabulary[token]), "<end>"];
      }
      // Texts of several languages may be alike: then it was asked for each of these.
      const sources = codes.filter((_, i) => phrase?.[i] === text.value);
      for (const row of rows) {
        const answer = memory ? translator.translate(memory, row.code).text : "";
        const wanted = phrase?.[codes.indexOf(row.code)];
        row.text.textContent = answer;
        row.verdict.textContent = !memory || !phrase ? ""
          : sources.every(one => one === row.code) ? "(never asked of it in training)"
            : answer === wanted ? "right" : `wrong: ${wanted}`;
        row.verdict.classList.toggle("wrong", row.verdict.textContent.startsWith("wrong"));
      }
      drawChosen();
    }

    function fetchPhrase() {
      text.value = phrases[number % phrases.length][codes.indexOf(from.value)];
      draw();
    }
    another.addEventListener("click", () => { number += 1; fetchPhrase(); });
    from.addEventListener("change", fetchPhrase);
    text.addEventListener("input", draw);
    rows.forEach(({ radio }) => radio.addEventListener("change", drawChosen));
    heads.addEventListener("change", drawChosen);
    fetchPhrase();
    figure.classList.add("plays");
  }

  // The data come with a script of their own, once a reader asks: from a folder, too.
  function offer(figure) {
    const { name, file, size } = figure.dataset;
    const bar = element(figure, "p", { class: "offer" });
    const ask = element(bar, "button", { type: "button" },
      `Load the translator (${size} MB)`);
    const note = element(bar, "span", { role: "status" });
    ask.addEventListener("click", () => {
      ask.disabled = true;
      note.textContent = "Loading \u2026";
      const script = element(document.head, "script", { src: file });
      script.addEventListener("error", () => {
        script.remove();
        ask.disabled = false;
        note.textContent = "It could not be loaded. Try once more.";
      });
      script.addEventListener("load", () => {
        bar.remove();
        play(figure, translators.data[name]);
        figure.querySelector(".live select").focus();
      });
    });
  }

  window.translators = { data: {}, compileTranslator };
  addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll(".translator").forEach(offer));
})();
