// Python in a worker, with the book's own checker: a question in, its answer out.
import { loadPyodide } from "./pyodide.mjs";

const here = new URL(".", import.meta.url).href;

// Count what is loaded, so that the page can say how far it is.
const plainFetch = self.fetch;
let loaded = 0;
self.fetch = async (...request) => {
  const response = await plainFetch(...request);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, out) {
      loaded += chunk.byteLength;
      postMessage({ loaded });
      out.enqueue(chunk);
    },
  }));
  return new Response(counted, { status: response.status, headers: response.headers });
};

async function start() {
  const archive = fetch(`${here}proof.zip`).then(response => response.arrayBuffer());
  const python = await loadPyodide({ indexURL: here });
  python.unpackArchive(await archive, "zip", { extractDir: "/book" });
  python.runPython("import sys; sys.path.insert(0, '/book')");
  return { answer: python.pyimport("lib.proof.questions").answer, layOut: python.pyimport("mathml").display };
}

const ready = start();
ready.then(() => postMessage({ ready: true }), error => postMessage({ failed: String(error) }));

addEventListener("message", async ({ data: { id, question } }) => {
  const { answer, layOut } = await ready;
  try {
    const found = question.ask === "lay_out" ? { html: layOut(question.mathml) } : JSON.parse(answer(JSON.stringify(question)));
    postMessage({ id, found });
  } catch (error) {
    // The last line of a traceback says what it was.
    postMessage({ id, found: { message: String(error).trim().split("\n").pop() } });
  }
});
