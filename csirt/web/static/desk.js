// What makes the pages more comfortable; every one of them works without it.
// No markup is ever made from text: fresh pages come as documents that the browser itself has read (Trusted Types).
"use strict";

// Drafts: what is typed into a form with a field `draft` is sent to the server soon after, and when the page is left.
{
  const WAIT = 1500, AGAIN = 10000;

  for (const field of document.querySelectorAll('form input[name="draft"]')) {
    const form = field.form, bar = form.querySelector("[data-draft-lost]"), said = bar?.querySelector("[data-draft-said]");
    if (!said) continue;
    let timer = 0, dirty = false, leaving = false;

    const body = () => {
      const typed = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") typed.append(name, value);
      return typed;
    };
    const keep = async () => {
      dirty = false;
      try {
        const answer = await fetch("/drafts", {
          method: "POST", body: body(), headers: { Accept: "application/json" }, redirect: "error",
        });
        const told = await answer.json();
        said.textContent = answer.ok ? told.said : told.message;
      } catch {
        if (leaving) return;
        dirty = true;
        said.textContent = bar.dataset.draftLost;
        timer = setTimeout(keep, AGAIN);
      }
    };
    form.addEventListener("input", (event) => {
      if (event.target.type === "file" || event.target.type === "password") return;
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(keep, WAIT);
    });
    form.addEventListener("submit", () => { leaving = true; dirty = false; clearTimeout(timer); });
    addEventListener("pagehide", () => {
      if (dirty && !leaving) navigator.sendBeacon("/drafts", body());
    });
  }
}

// Live pages: told that something happened, they fetch themselves and put in place what has changed.
{
  const page = document.querySelector("[data-live]");

  const fresh = () => new Promise((done, failed) => {
    const asked = new XMLHttpRequest();
    asked.open("GET", location.href.split("#")[0]);
    asked.setRequestHeader("X-Desk-Live", "1");
    asked.responseType = "document";
    asked.onload = () => (asked.status === 200 && asked.responseXML ? done(asked.responseXML) : failed());
    asked.onerror = failed;
    asked.send();
  });

  // Where somebody types, reads an opened detail, or has the focus, nothing moves under their hands.
  const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

  const putIn = (now) => {
    let changed = 0;
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = now.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other || other.isEqualNode(part) || inUse(part)) continue;
      const before = new Set([...part.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
      const put = document.importNode(other, true);
      for (const row of put.querySelectorAll("[data-row]")) {
        if (!before.has(row.dataset.row)) { row.classList.add("row-new"); changed += 1; }
      }
      part.replaceWith(put);
    }
    return changed;
  };

  if (page) {
    const said = document.querySelector("[data-live-said]");
    let source = null, busy = false, missed = false;

    const look = async () => {
      if (busy) { missed = true; return; }
      busy = true;
      try {
        do {
          missed = false;
          if (putIn(await fresh())) said.textContent = page.dataset.liveNews;
        } while (missed);
      } catch {
        said.textContent = page.dataset.liveLost;
      }
      busy = false;
    };
    const listen = () => {
      if (source) return;
      source = new EventSource(page.dataset.live);
      source.addEventListener("changed", look);
      source.addEventListener("ended", () => { source.close(); said.textContent = page.dataset.liveLost; });
      source.addEventListener("error", () => {
        if (source?.readyState === EventSource.CLOSED) said.textContent = page.dataset.liveLost;
      });
    };
    const rest = () => { source?.close(); source = null; };
    // A page that nobody looks at holds no connection; it looks once when it is seen again.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) rest();
      else { listen(); look(); }
    });
    if (!document.hidden) listen();
  }
}

// A diagram that is wider than its box begins in the middle, where its first step stands.
for (const box of document.querySelectorAll(".chart-box")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
