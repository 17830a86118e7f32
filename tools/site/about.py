"""What a page says about itself: edition, description, where it comes from.

The addresses of the repository and of the site stand in _config.yml alone. Without one,
there is nothing that needs it: no button, no canonical address, no site map.
"""

import re
from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from tools.release import edition

LENGTH = 200  # characters of a description
FORMULA = "\0"
CARD = "_static/card.png"
BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")
LAUNCH = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def setup(app: Sphinx) -> None:
    site = app.config.html_baseurl
    prefix = urlsplit(site).path.rstrip("/") + "/"
    app.config.notfound_urls_prefix = prefix  # 404.html is shown at any address
    if site:
        app.setup_extension("sphinx_sitemap")
        app.config.sitemap_url_scheme = "{link}"
    app.connect("config-inited", configure)
    app.connect("html-page-context", describe)


def configure(app: Sphinx, config: Config) -> None:
    """The edition, and the buttons that need the repository's address."""
    config.version = config.release = edition().version
    options = config.html_theme_options
    if options.get("repository_url"):
        options.update(dict.fromkeys(BUTTONS, True), launch_buttons=LAUNCH)


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    config = app.config
    said = edition().said
    licences = context["pathto"]("book/appendix/licences")
    context["theme_extra_footer"] = context.get("theme_extra_footer", "") + (
        f'<p class="edition">{said}. <a href="{licences}">Licences and thanks</a>.</p>'
    )
    if page == config.root_doc:  # whose heading is the name of the book
        context["title"] = f"{config.project}: {context['tagline']}"
        context["docstitle"] = ""
        logo = {**context.get("theme_logo", {}), "text": config.project}
        context["theme_logo"] = logo
    title = re.sub("<[^>]*>", "", context.get("title", ""))
    description = (doctree and description_of(doctree)) or (
        f"{title}, in {config.project}: {context['tagline']}."
    )
    tags = {"og:title": title, "og:description": description}
    tags |= {"og:site_name": config.project, "og:type": "article"}
    if config.html_baseurl and doctree:
        tags["og:url"] = context["pageurl"]
        tags["og:image"] = urljoin(config.html_baseurl, CARD)
    named = {"edition": said, "description": description}
    context["metatags"] = context.get("metatags", "") + "\n".join(
        f'<meta {kind}="{name}" content="{escape(value)}" />'
        for kind, group in (("name", named), ("property", tags))
        for name, value in group.items()
        if value
    )


def description_of(doctree: nodes.document) -> str:
    """The first sentences of a page about its subject that hold no formula, if any."""
    for paragraph in doctree.findall(nodes.paragraph):
        around = (paragraph.parent, paragraph.parent.parent)
        if any(isinstance(parent, nodes.section) for parent in around):
            parts = (
                FORMULA if isinstance(part, nodes.math) else part.astext()
                for part in paragraph.children
            )
            text = " ".join("".join(parts).removeprefix("The question.").split())
            found = beginning(text)
            if found and not found.startswith("You should know"):
                return found
    return ""


def beginning(text: str) -> str:
    """The sentences with which a text begins, as many as a description holds."""
    found = ""
    for sentence in re.split(r"(?<=[.?!]) ", text):
        longer = f"{found} {sentence}".strip()
        whole = sentence.endswith((".", "?", "!"))  # and not on the way to a formula
        if len(longer) > LENGTH or FORMULA in sentence or not whole:
            break
        found = longer
    return found
