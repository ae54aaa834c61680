// Colleagues on a page: who is at work on it, @names in notes, tags that are in use already.
"use strict";

(() => {
  const BEAT_SECONDS = 25;
  const MOST_OFFERS = 8;

  const get = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    return answer.ok ? answer.json() : [];
  };

  // --- Presence: a sign of life while the page is in sight, and a word when it is left ----------

  const box = document.getElementById("presence");

  const say = (word) => {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", box.querySelector("[name=csrfmiddlewaretoken]").value);
    form.set("word", word);
    return form;
  };

  const beat = async (word) => {
    if (document.hidden) return;
    try {
      const answer = await fetch(box.dataset.here, { method: "POST", body: say(word) });
      if (!answer.ok || answer.redirected) return;
      const present = box.querySelector("#present");
      const html = await answer.text();
      if (present.outerHTML !== html) present.outerHTML = html;
    } catch {
      // Offline: the next one may get through.
    }
  };

  if (box) {
    beat("open");
    setInterval(() => beat("here"), BEAT_SECONDS * 1000);
    document.addEventListener("visibilitychange", () => beat("here"));
    window.addEventListener("pagehide", () => navigator.sendBeacon(box.dataset.here, say("leave")));
    box.addEventListener("click", (event) => {
      if (event.target.closest("[data-take-over]")) beat("take_over");
    });
  }

  // --- @names: a list under the note, by keyboard or mouse ---------------------------------------

  const offers = document.createElement("ul");
  offers.className = "ow-offers-list";
  offers.id = "people-offers";
  offers.setAttribute("role", "listbox");
  offers.hidden = true;
  let note = null;
  let people = null;
  let chosen = 0;

  // What stands between an @ at the beginning of a word and the cursor, or null.
  const typed = () => {
    const before = note.value.slice(0, note.selectionStart);
    const match = before.match(/(?:^|[^\p{L}\p{N}_.+\-@/])@([\p{L}\p{N}_.+\-]*)$/u);
    return match ? match[1] : null;
  };

  const close = () => {
    offers.hidden = true;
    note?.setAttribute("aria-expanded", "false");
    note?.removeAttribute("aria-activedescendant");
  };

  const mark = (at) => {
    const rows = [...offers.children];
    chosen = (at + rows.length) % rows.length;
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === chosen)));
    note.setAttribute("aria-activedescendant", rows[chosen].id);
    rows[chosen].scrollIntoView({ block: "nearest" });
  };

  const take = (handle) => {
    const start = note.selectionStart - typed().length;
    note.setRangeText(`${handle} `, start, note.selectionStart, "end");
    close();
    note.focus();
  };

  const offer = async () => {
    const word = typed();
    if (word === null) return close();
    people ??= await get(note.dataset.peopleUrl);
    const wanted = word.toLowerCase();
    const starts = (text) => text.toLowerCase().split(/[\s.]+/).some((part) => part.startsWith(wanted));
    const found = people
      .filter((one) => one.handle.startsWith(wanted) || starts(one.name))
      .slice(0, MOST_OFFERS);
    if (!found.length || typed() === null) return close();
    offers.replaceChildren(
      ...found.map((one, index) => {
        const row = document.createElement("li");
        row.id = `people-offer-${index}`;
        row.setAttribute("role", "option");
        row.dataset.handle = one.handle;
        const name = document.createElement("strong");
        name.textContent = one.name;
        const handle = document.createElement("span");
        handle.textContent = `@${one.handle}`;
        row.append(name, handle);
        return row;
      }),
    );
    note.after(offers);
    offers.hidden = false;
    note.setAttribute("aria-expanded", "true");
    mark(0);
  };

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches?.("textarea[data-people-url]")) return;
    note = event.target;
    note.setAttribute("aria-autocomplete", "list");
    note.setAttribute("aria-controls", offers.id);
  });
  document.addEventListener("input", (event) => {
    if (event.target === note) offer();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === note) close();
  });
  offers.addEventListener("mousedown", (event) => {
    const row = event.target.closest("li");
    if (!row) return;
    event.preventDefault();
    take(row.dataset.handle);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== note) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      note.form.requestSubmit();
    }
    if (offers.hidden) return;
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen - 1);
    else if (event.key === "Enter" || event.key === "Tab") take(offers.children[chosen].dataset.handle);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // --- Tags: what is in use already, after each comma --------------------------------------------

  const known = document.createElement("datalist");
  known.id = "used-tags";
  let tags = null;

  const suggest = async (input) => {
    const url = input.dataset.tagsUrl || document.querySelector("[data-tags-url]")?.dataset.tagsUrl;
    if (!url) return;
    if (!known.isConnected) document.body.append(known);
    input.setAttribute("list", known.id);
    tags ??= await get(url);
    const before = input.value.includes(",") ? `${input.value.replace(/,[^,]*$/, "")}, ` : "";
    known.replaceChildren(...tags.map((tag) => new Option("", before + tag)));
  };

  const isTags = (target) => target.matches?.("input[name=names]");
  document.addEventListener("focusin", (event) => {
    if (isTags(event.target)) suggest(event.target);
  });
  document.addEventListener("input", (event) => {
    if (isTags(event.target) && event.data === ",") suggest(event.target);
  });
})();
