"""Draw the picture of README.md: the first screen of the built book, as it is.

python -m tools.first_screen
"""

import io
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

from tools import browser
from tools.digest import ROOT

PAGE = ROOT / "_build/html/book/intro.html"
PICTURE = ROOT / ".github/first-screen.png"


def main() -> int:
    program = browser.find()
    if program is None or not PAGE.exists():
        print("First run `make html` and `make browser`.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(PAGE.as_uri())
        page.evaluate("() => document.fonts.ready.then(() => true)")
        shot = page.screenshot()
        chromium.close()
    picture = Image.open(io.BytesIO(shot)).quantize(128)  # half of the bytes
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
