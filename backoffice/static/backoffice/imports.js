/* Imports: a dropped file, cells corrected in place, ticks, and a place that is kept on return. */

(function () {
    "use strict";

    const KEPT_SECONDS = 60;

    function later(work) {
        window.setTimeout(work, 0);
    }

    function store(key, value) {
        try {
            if (value === null) {
                window.sessionStorage.removeItem(key);
            } else {
                window.sessionStorage.setItem(key, JSON.stringify(value));
            }
        } catch (error) {
            /* A browser without room for it forgets; nothing else depends on it. */
        }
    }

    function stored(key) {
        try {
            return JSON.parse(window.sessionStorage.getItem(key));
        } catch (error) {
            return null;
        }
    }

    // Unfold would look for the text field of its own file widget, and find none.
    function freeInputs() {
        document.querySelectorAll(".bi-drop input, .bi-pick input, .bi-anywhere input[type=file]").forEach(function (input) {
            input.hasChangeListener = true;
        });
    }

    freeInputs();
    document.addEventListener("htmx:afterSwap", freeInputs);

    // --- The upload page --------------------------------------------------------------------

    const drop = document.querySelector(".bi-drop");
    if (drop) {
        const input = drop.querySelector("input[type=file]");
        const name = drop.querySelector(".bi-drop-name");
        const error = document.querySelector(".bi-drop-error");

        input.addEventListener("change", function () {
            const file = input.files[0];
            const isTooLarge = Boolean(file) && file.size > Number(drop.dataset.limit);
            name.textContent = file ? file.name : name.dataset.empty;
            drop.classList.toggle("is-chosen", Boolean(file));
            error.hidden = !isTooLarge;
            error.textContent = isTooLarge ? drop.dataset.tooLarge : "";
        });
        ["dragenter", "dragover"].forEach((kind) => drop.addEventListener(kind, () => drop.classList.add("is-over")));
        ["dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, () => drop.classList.remove("is-over")));
    }

    // --- A file dropped anywhere on a list --------------------------------------------------

    const anywhere = document.querySelector(".bi-anywhere");
    if (anywhere) {
        const words = anywhere.querySelector("[data-words]");
        const input = anywhere.querySelector("input[type=file]");
        let depth = 0;

        const hasFile = (event) => Array.from(event.dataTransfer ? event.dataTransfer.types : []).includes("Files");
        const shown = function (isShown) {
            anywhere.hidden = !isShown;
            words.textContent = words.dataset.words;
        };
        document.addEventListener("dragenter", function (event) {
            if (hasFile(event)) {
                depth += 1;
                shown(true);
            }
        });
        document.addEventListener("dragleave", function (event) {
            if (hasFile(event)) {
                depth -= 1;
                if (depth <= 0) {
                    depth = 0;
                    shown(false);
                }
            }
        });
        document.addEventListener("dragover", function (event) {
            if (hasFile(event)) {
                event.preventDefault();
            }
        });
        document.addEventListener("drop", function (event) {
            if (!hasFile(event) || !event.dataTransfer.files.length) {
                return;
            }
            event.preventDefault();
            depth = 0;
            shown(true);
            const one = new DataTransfer();
            one.items.add(event.dataTransfer.files[0]);
            input.files = one.files;
            words.textContent = anywhere.dataset.busy;
            anywhere.classList.add("is-busy");
            anywhere.submit();
        });
    }

    // --- Forms: no second press, and the place is kept --------------------------------------

    const page = () => document.getElementById("bi-run");

    document.addEventListener("submit", function (event) {
        const form = event.target;
        if (!form.matches(".bi-run form, .bi-upload form, .bi-map form") || form.hasAttribute("hx-post") || form.method === "get") {
            return;
        }
        if (form.dataset.sent) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "yes";
        const button = event.submitter;
        if (form.id === "bi-confirm") {
            sendAll(form, button);
        }
        if (page()) {
            store("bi-place", { path: window.location.pathname.replace(/[^/]+\/$/, ""), run: page().dataset.run, y: window.scrollY, at: Date.now() });
        }
        // After the submission is built: a disabled button would not be part of it.
        later(function () {
            document.querySelectorAll("button").forEach(function (one) {
                if (one.form === form) {
                    one.disabled = true;
                }
            });
            if (!button || button.classList.contains("bi-discard")) {
                return;
            }
            const words = button.formAction.endsWith("/fix/") ? form.dataset.busyFix : form.dataset.busy;
            if (words && !button.classList.contains("bo-hidden")) {
                button.textContent = words;
            }
        });
    });

    function returnToPlace() {
        const place = stored("bi-place");
        store("bi-place", null);
        if (place && page() && page().dataset.run === place.run && Date.now() - place.at < KEPT_SECONDS * 1000 && !document.querySelector(".bi-run > [role=alert]")) {
            window.scrollTo(0, place.y);
        }
    }

    // The browser's back button shows the page as it was left: let it be used again.
    window.addEventListener("pageshow", function (event) {
        if (event.persisted) {
            window.location.reload();
        }
    });

    // A corrected sheet is sent as soon as it is chosen.
    document.addEventListener("change", function (event) {
        if (event.target.matches(".bi-pick input[type=file]") && event.target.files.length) {
            event.target.form.requestSubmit();
        }
    });

    // --- Cells corrected in place -----------------------------------------------------------
    // They are kept until they are checked, so that all pages of refused rows go together.

    const redCells = () => Array.from(document.querySelectorAll(".bi-red"));
    const fixKey = () => "bi-fix:" + page().dataset.run;

    function corrections() {
        const kept = page() ? stored(fixKey()) : null;
        return kept ? kept.cells : {};
    }

    function keep(cells, sent) {
        store(fixKey(), { cells: cells, sent: sent || null });
    }

    function restore() {
        const kept = stored(fixKey());
        if (kept && kept.sent) {
            // A new plan says that they were taken; the same one, that they were refused.
            keep(kept.sent === page().dataset.plan ? kept.cells : {});
        }
        const cells = corrections();
        redCells().forEach(function (cell) {
            cell.dataset.was = cell.defaultValue;
            if (cell.name in cells && cells[cell.name].was === cell.defaultValue) {
                cell.value = cells[cell.name].text;
            } else if (cell.name in cells) {
                delete cells[cell.name];
                keep(cells);
            }
        });
        showCorrections();
    }

    function remember(cell) {
        const cells = corrections();
        if (cell.value === cell.dataset.was) {
            delete cells[cell.name];
        } else {
            cells[cell.name] = { text: cell.value, was: cell.dataset.was };
        }
        keep(cells);
        showCorrections();
    }

    function showCorrections() {
        const form = document.getElementById("bi-confirm");
        const said = form && form.querySelector(".bi-fixed");
        if (!said) {
            return;
        }
        const cells = corrections();
        const count = Object.keys(cells).length;
        redCells().forEach((cell) => cell.classList.toggle("is-fixed", cell.name in cells));
        said.hidden = !count;
        said.textContent = count === 1 ? form.dataset.one : form.dataset.many.replace("%s", count);
        form.classList.toggle("is-fixing", count > 0);
        form.classList.add("has-script");
    }

    function sendAll(form, button) {
        if (button && button.classList.contains("bi-discard")) {
            store(fixKey(), null);
            return;
        }
        const here = new Set(redCells().map((cell) => cell.name));
        keep(corrections(), page().dataset.plan);
        Object.entries(corrections()).forEach(function (entry) {
            const [name, cell] = entry;
            if (!here.has(name)) {
                add(form, name, cell.text);
            }
        });
    }

    function add(form, name, value) {
        const input = document.createElement("input");
        input.type = "hidden";
        input.name = name;
        input.value = value;
        form.append(input);
    }

    document.addEventListener("input", function (event) {
        if (event.target.matches(".bi-red")) {
            remember(event.target);
        }
    });

    document.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) {
            return;
        }
        if (event.target.matches(".bi-red")) {
            event.preventDefault();
            const cells = redCells();
            const next = cells[cells.indexOf(event.target) + (event.shiftKey ? -1 : 1)];
            const button = document.querySelector(".bi-fix-apply");
            if (next) {
                next.focus();
                next.select();
            } else if (button && !event.shiftKey) {
                button.focus();
            }
        } else if (event.target.matches(".bi-reason input")) {
            // Enter in the reason means the main button, not the first one.
            const form = event.target.form;
            const main = form.querySelector(form.classList.contains("is-fixing") ? ".bi-fix-apply" : ".bi-apply");
            event.preventDefault();
            if (main) {
                form.requestSubmit(main);
            }
        }
    });

    // --- Ticks ------------------------------------------------------------------------------

    let tickedPlace = -1;

    document.addEventListener("change", function (event) {
        const tick = event.target;
        if (!tick.matches(".bi-tick input")) {
            return;
        }
        const all = Array.from(document.querySelectorAll(".bi-tick input[type=checkbox]"));
        tickedPlace = all.indexOf(tick);
        tick.closest(".bi-row").classList.toggle("is-going", true);
        htmx.trigger("#bi-ticks", "ticked");
    });

    document.addEventListener("htmx:beforeSwap", function (event) {
        const target = event.detail.target;
        if (!target || target.id !== "bi-run") {
            return;
        }
        if (event.detail.xhr.responseText.includes('id="bi-run"')) {
            // A refusal is the same page with a sentence.
            event.detail.shouldSwap = true;
            event.detail.isError = false;
        } else {
            event.detail.shouldSwap = false;
            window.location.reload();
        }
    });

    document.addEventListener("htmx:afterSettle", function () {
        if (!page()) {
            return;
        }
        restore();
        if (tickedPlace >= 0) {
            const ticks = document.querySelectorAll(".bi-tick input[type=checkbox]");
            const next = ticks[Math.min(tickedPlace, ticks.length - 1)];
            tickedPlace = -1;
            if (next) {
                next.focus({ preventScroll: true });
            }
        }
    });

    // --- Columns assigned by hand -----------------------------------------------------------

    const map = document.getElementById("bi-map");
    if (map) {
        const say = function (box, names) {
            const note = map.querySelector(box);
            note.hidden = !names.length;
            note.querySelector(box + "-names").textContent = names.join(", ");
        };
        const judge = function () {
            const selects = Array.from(map.querySelectorAll(".bi-ours"));
            const chosen = selects.map((select) => select.value).filter(Boolean);
            const given = Array.from(map.querySelectorAll(".bi-default")).filter((row) => row.querySelector("input").value.trim()).map((row) => row.querySelector("select").value);
            const label = (option) => option.textContent.replace(/ \*$/, "");
            const needed = selects.length ? Array.from(selects[0].querySelectorAll("[data-need]")) : [];
            const isMissing = (option) => !chosen.includes(option.value) && !(option.dataset.need === "new" && given.includes(option.value));
            say(".bi-missing", needed.filter(isMissing).map(label));
            const twice = chosen.filter((name, at) => chosen.indexOf(name) !== at);
            selects.forEach((select) => select.classList.toggle("is-twice", twice.includes(select.value)));
            say(".bi-twice", selects.length ? Array.from(selects[0].options).filter((option) => twice.includes(option.value)).map(label) : []);
        };
        map.addEventListener("input", judge);
        map.addEventListener("change", function (event) {
            if (event.target.matches(".bi-ours")) {
                event.target.closest(".bi-row").classList.remove("bi-unsure");
            }
            judge();
        });
    }

    if (page()) {
        restore();
        returnToPlace();
    }
})();
