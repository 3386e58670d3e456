// Parts of a page that change. The server says when ("changes" stream); the page is then asked for again, and of each part
// only those children are put in place that are new or differ, so that nobody loses what he types, reads or has chosen.
const link = document.getElementById("link");
const clockWords = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};

if (link) {
  let ahead = Date.now() / 1000 - Number(link.dataset.now);
  let stream, last = link.dataset.version, timer = 0, asking = false, again = false, retry = 0;

  const tick = () => {
    const now = Date.now() / 1000 - ahead;
    for (const each of document.querySelectorAll(".clock")) {
      const { since, until } = each.dataset;
      each.textContent = clockWords(since ? now - Number(since) : Number(until) - now);
    }
  };
  setInterval(tick, 1000);

  // What differs by itself at each rendering is no difference: clocks, and the hidden fields of forms.
  const known = (element) => {
    const copy = element.cloneNode(true);
    for (const each of copy.querySelectorAll(".clock")) each.replaceWith("");
    for (const each of copy.querySelectorAll("input[type=hidden]")) each.setAttribute("value", "");
    return copy.outerHTML;
  };
  const seen = new WeakMap();
  for (const part of document.querySelectorAll("[data-live]")) {
    for (const child of part.children) seen.set(child, known(child));
  }
  const inUse = (element) => {
    const chosen = getSelection();
    return chosen && !chosen.isCollapsed && element.contains(chosen.anchorNode);
  };

  // Who works with the keyboard stays where he was: what has no id of its own is known by its words, near the id around it.
  const sameIn = (fresh, element) => {
    if (element.id) return document.getElementById(element.id);
    const around = document.getElementById(element.closest("[id]")?.id ?? "");
    const near = around && fresh.contains(around) ? around : fresh;
    const words = (one) => [one.href, one.name, one.value, one.getAttribute("aria-labelledby") ?? one.textContent].join("\n");
    return [...near.querySelectorAll(element.localName)].find((each) => words(each) === words(element));
  };

  const put = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const open = new Set([...old.querySelectorAll("details[open]")].map((each) => each.id));
    if (old.matches("details[open]")) fresh.setAttribute("open", "");
    for (const each of fresh.querySelectorAll("details")) if (each.id && open.has(each.id)) each.open = true;
    old.replaceWith(fresh);
    if (focused) sameIn(fresh, focused)?.focus({ preventScroll: true });
  };

  const scrolled = (element) => {
    for (const tail of element.querySelectorAll("pre.tail")) tail.scrollTop = tail.scrollHeight;
  };
  scrolled(document);

  const renew = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(link.dataset.page, { headers: { "X-Live": document.documentElement.lang.slice(0, 2) } });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector("input[name=csrf]")?.value;
      if (token) for (const each of document.querySelectorAll("input[name=csrf]")) each.value = token;
      ahead = Date.now() / 1000 - Number(page.getElementById("link")?.dataset.now ?? link.dataset.now);
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        if (!fresh) continue;
        const old = new Map([...part.children].map((each) => [each.dataset.key ?? "", each]));
        const wanted = [...fresh.children];
        const keys = new Set(wanted.map((each) => each.dataset.key ?? ""));
        for (const [key, element] of old) if (!keys.has(key)) element.remove();
        let place = null;
        for (const child of wanted) {
          const words = known(child), before = old.get(child.dataset.key ?? "");
          let now = before;
          // A form that came back with what is wrong in it stays until somebody has answered.
          const corrected = before && "typed" in before.dataset && child.querySelector("form");
          if (!before || (seen.get(before) !== words && !inUse(before) && !corrected)) {
            now = document.adoptNode(child);
            seen.set(now, words);
            if (before) put(before, now);
            scrolled(now);
          }
          if (!before) part.insertBefore(now, place ? place.nextElementSibling : part.firstElementChild);
          place = now;
        }
      }
      tick();
    } catch {
      // The server is away; the stream comes back by itself, and says then what has changed.
    } finally {
      asking = false;
      if (again) { again = false; later(); }
    }
  };
  const later = () => { if (!timer) timer = setTimeout(() => { timer = 0; renew(); }, 500); };

  const listen = () => {
    clearTimeout(retry);
    if (stream) stream.close();
    stream = undefined;
    // Only a page that somebody sees listens: a browser has few connections to one server.
    if (document.hidden) return;
    stream = new EventSource(`${link.dataset.liveEvents}?after=${encodeURIComponent(last)}`);
    stream.onopen = () => { link.textContent = link.dataset.follows; link.classList.remove("lost"); };
    stream.onmessage = (event) => { last = event.lastEventId; later(); };
    stream.onerror = () => {
      link.textContent = link.dataset.lost;
      link.classList.add("lost");
      // A refused stream is not tried again by the browser.
      if (stream.readyState === EventSource.CLOSED) retry = setTimeout(listen, 3000);
    };
  };
  document.addEventListener("visibilitychange", () => { listen(); if (!document.hidden) later(); });
  listen();
}

// A second press of a button sends nothing: the server would know it by its key, but the page should say so at once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 5000);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
