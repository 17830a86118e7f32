// Compiles Python files with the Python that runs in the pages, into one archive.
// Arguments: the archive, then folder by folder where a package's files lie; the files,
// relative to these, are read from the standard input: a line of JSON for each folder.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [archive, ...folders] = process.argv.slice(2);
const python = await loadPyodide();
const lists = JSON.parse(readFileSync(0, "utf8"));
folders.forEach((folder, i) => python.mountNodeFS(`/from${i}`, folder));
python.mountNodeFS("/to", archive.replace(/[^/]*$/, ""));
python.globals.set("lists", python.toPy(lists));
python.globals.set("name", archive.replace(/.*[/]/, ""));
python.runPython(`
import pathlib, py_compile, zipfile

with zipfile.ZipFile("/to/" + name, "w", zipfile.ZIP_DEFLATED) as archive:
    for i, files in enumerate(lists):
        for file in files:
            compiled = py_compile.compile(
                f"/from{i}/{file}",
                "/compiled.pyc",
                dfile=file,
                doraise=True,
                optimize=2,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
            # x.pyc, where no x.py lies, is imported; the date is always the same
            entry = zipfile.ZipInfo(file + "c")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, pathlib.Path(compiled).read_bytes())
`);
process.exit(0);
