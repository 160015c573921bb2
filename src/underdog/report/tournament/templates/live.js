// Follows the store of a tournament: the server says that there is something new, this fetches the
// page again and puts in what differs. Without server-sent events the page reloads itself.
"use strict";

(() => {
  const RELOAD_MS = 10000;
  const RETRY_MS = 2000;
  const status = document.getElementById("link");
  const LOST = "Connection lost; trying again";
  let source = null;
  let busy = false;
  let again = false;

  const say = (words) => {
    if (status.textContent !== words) status.textContent = words;
  };

  const places = (root) =>
    new Map([...root.querySelectorAll("[data-live]")].map((part) => [part.id, part]));

  // Rows keep their place on the screen and the reader keeps theirs: only what differs is replaced.
  const swap = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    const rows = new Map([...old.querySelectorAll("tr[id]")].map((row) => [row.id, row]));
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const left = [...old.querySelectorAll(".scroll, .bracket")].map((box) => box.scrollLeft);
    const coming = document.importNode(fresh, true);
    for (const row of coming.querySelectorAll("tr[id]")) {
      const before = rows.get(row.id);
      if (before && before.isEqualNode(row)) row.replaceWith(before);
      else row.classList.add("changed");
    }
    old.replaceChildren(...coming.childNodes);
    old.querySelectorAll(".scroll, .bracket").forEach((box, place) => {
      if (left[place]) box.scrollLeft = left[place];
    });
    if (focused === null || document.activeElement === focused) return;
    if (focused.isConnected) {
      focused.focus({ preventScroll: true });
      return;
    }
    const target = focused.getAttribute("href");
    const twin = [...old.querySelectorAll("a")].find((link) => link.getAttribute("href") === target);
    if (twin) twin.focus({ preventScroll: true });
  };

  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const reply = await fetch(location.pathname, { cache: "no-cache" });
      if (!reply.ok) throw new Error(String(reply.status));
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      const [here, there] = [places(document), places(fresh)];
      if ([...there.keys()].join() !== [...here.keys()].join()) {
        location.reload();
        return;
      }
      for (const [id, part] of here) swap(part, there.get(id));
      document.title = fresh.title;
      if (status.textContent === LOST && source.readyState === EventSource.OPEN) say("Live");
    } catch {
      say(LOST);
      setTimeout(refresh, RETRY_MS);
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      await refresh();
    }
  };

  const reloadLater = () => setTimeout(() => location.reload(), RELOAD_MS);

  if (!("EventSource" in window)) {
    say("Reloading every ten seconds");
    reloadLater();
    return;
  }
  // The browser repeats the last id by itself (Last-Event-ID) when a connection was lost.
  const { mark, events } = document.body.dataset;
  source = new EventSource(`${events}?after=${encodeURIComponent(mark)}`);
  source.addEventListener("open", () => say("Live"));
  source.addEventListener("news", async (event) => {
    await refresh();
    if (JSON.parse(event.data).ended) {
      source.close();
      say("Finished");
    }
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      say("Reloading every ten seconds");
      reloadLater();
    } else {
      say(LOST);
    }
  });
})();
