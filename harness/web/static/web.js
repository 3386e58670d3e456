// Copy buttons; without this script the values are there to be selected, and the buttons stay hidden.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.done;
      button.setAttribute("aria-live", "polite");
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      // No clipboard here (plain HTTP from elsewhere, or not allowed): select it for the person to copy.
      getSelection().selectAllChildren(source);
    }
  });
}

// Parts of a page that change: when the server says so, the page is asked for again and those parts are put in place of
// the old ones. A part that somebody is in stays as it is. Only a visible page listens: a browser has few connections.
const changes = document.body.dataset.changes;
if (changes) {
  const word = document.getElementById("stream");
  let stream, last = "", waiting = 0, retry = 0;
  const renew = async () => {
    waiting = 0;
    let answer;
    try {
      answer = await fetch(location.href, { headers: { "X-Live": document.documentElement.lang.slice(0, 2) }, redirect: "error" });
    } catch {
      return;
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (!other || other.innerHTML === part.dataset.seen || part.contains(document.activeElement)) continue;
      part.dataset.seen = other.innerHTML;
      const open = [...part.querySelectorAll("details")].map((each) => each.open);
      part.replaceChildren(...other.childNodes);
      [...part.querySelectorAll("details")].forEach((each, place) => { each.open = open[place] ?? each.open; });
    }
  };
  const listen = () => {
    clearTimeout(retry);
    if (stream) stream.close();
    stream = undefined;
    if (document.hidden) return;
    stream = new EventSource(changes + (last ? "?after=" + encodeURIComponent(last) : ""));
    stream.onopen = () => { word.textContent = ""; };
    stream.onerror = () => {
      word.textContent = word.dataset.lost;
      // A refused stream is not tried again by the browser.
      if (stream.readyState === EventSource.CLOSED) retry = setTimeout(listen, 3000);
    };
    stream.onmessage = (event) => {
      last = event.lastEventId;
      waiting ||= setTimeout(renew, 200);
    };
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
