// TeX in, MathML out: one line of JSON for each, [display, tex] and the string.
// The first line are MathJax's macros. What cannot be read comes back as <merror>.
import { createInterface } from "node:readline";
import MathJax from "mathjax";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const macros = JSON.parse((await lines.next()).value);
const tex = { macros, packages: { "[-]": ["noundefined", "noerrors"] } };
await MathJax.init({ loader: { load: ["input/tex"] }, tex });
for await (const line of lines) {
  const [display, source] = JSON.parse(line);
  const mathml = await MathJax.tex2mmlPromise(source, { display });
  process.stdout.write(JSON.stringify(mathml) + "\n");
}
