// What a reference leads to, shown beside it; what to show is made by tools/site/previews.py.
// A finger follows the link at once. Escape closes; the pointer may go over to what is shown.

const WAIT = 250; // milliseconds, so that a pointer that passes by opens nothing

function startPreviews(article) {
  const root = document.documentElement.dataset.content_root;
  const page = `${root}_static/previews/${DOCUMENTATION_OPTIONS.pagename}.js`;
  const box = document.createElement("div");
  box.className = "preview";
  box.popover = "manual";
  article.append(box);
  let loading = null;
  let timer = 0;

  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: page, onload: resolve, onerror: reject });
      document.head.append(script);
    });
    return loading;
  }

  function close() {
    if (box.matches(":popover-open")) box.hidePopover();
  }

  function hide() {
    clearTimeout(timer);
    close();
  }

  async function show(link) {
    await load();
    const html = PREVIEWS[link.getAttribute("href")];
    if (!html) return;
    box.innerHTML = html;
    box.showPopover();
    place(link);
  }

  function place(link) {
    const at = link.getClientRects()[0];
    const left = Math.min(at.left, innerWidth - box.offsetWidth - 16);
    const below = at.bottom + box.offsetHeight + 8 < innerHeight;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - box.offsetHeight - 4)}px`;
  }

  function soon(action, wait) {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  }

  const reference = (event) => event.target.closest?.("a.reference.internal[href*='#']");
  article.addEventListener("pointerover", (event) => {
    const link = event.pointerType === "mouse" && reference(event);
    if (link) soon(() => show(link), WAIT);
    else if (event.target.closest?.(".preview")) clearTimeout(timer);
    else soon(hide, WAIT);
  });
  article.addEventListener("pointerleave", () => soon(hide, WAIT));
  article.addEventListener("focusin", (event) => {
    const link = reference(event);
    if (link?.matches(":focus-visible")) show(link);
    else hide();
  });
  article.addEventListener("focusout", hide);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  // The page may scroll to a link that gets the focus, after what it shows is open.
  function scrolled() {
    const link = reference({ target: document.activeElement });
    if (link && box.matches(":popover-open")) place(link);
    else close();
  }
  addEventListener("scroll", scrolled, { passive: true });
}

const article = document.querySelector("article.bd-article");
if (article && "popover" in HTMLElement.prototype) startPreviews(article);
