/* What the console does in the browser: dialogs, shortcuts, small kindnesses. No inline scripts. */

(function () {
    "use strict";

    const GOTO_SECONDS = 1.5;

    // --- Dialogs ----------------------------------------------------------------------------

    const dialog = () => document.getElementById("bo-dialog");

    function say(text) {
        const box = dialog();
        const body = document.createElement("div");
        body.className = "bo-dialog-body";
        const note = document.createElement("p");
        note.className = "bo-note bo-note-danger";
        note.setAttribute("role", "alert");
        note.textContent = text;
        body.append(note);
        box.replaceChildren(body);
        show(box);
    }

    function show(box) {
        if (!box.open) {
            box.showModal();
        }
        const first = box.querySelector("[autofocus]") || box.querySelector(".bo-form input:not([type=hidden]), .bo-form textarea, .bo-form select, button[type=submit]");
        if (first) {
            first.focus({ preventScroll: true });
        }
    }

    function ask(method, url, values) {
        const box = dialog();
        htmx.ajax(method, url, { target: box, swap: "innerHTML", values: values || {} });
    }

    document.addEventListener("click", function (event) {
        const opener = event.target.closest("a[data-dialog]");
        if (opener && dialog() && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.preventDefault();
            ask("GET", opener.href);
            return;
        }
        const closer = event.target.closest("[data-dialog-close]");
        if (closer && closer.closest("dialog")) {
            event.preventDefault();
            closer.closest("dialog").close();
            return;
        }
        if (event.target.matches("dialog.bo-dialog")) {
            event.target.close();
            return;
        }
        const closed = event.target.closest("[data-why]");
        if (closed) {
            const line = closed.parentElement.querySelector(".bo-why-closed");
            if (line) {
                line.textContent = closed.textContent.trim() + ": " + closed.dataset.why;
                line.hidden = false;
            }
        }
    });

    // A bulk act asks in a dialog over the list, so that the selection stays in sight.
    document.addEventListener("submit", function (event) {
        const form = event.target;
        const button = event.submitter;
        const isBulk = form.matches("form[data-bulk]") || (form.id === "changelist-form" && button && button.name === "action" && button.value.startsWith("act_"));
        if (isBulk && dialog()) {
            event.preventDefault();
            const data = new FormData(form, button);
            const values = {};
            for (const key of new Set(data.keys())) {
                const all = data.getAll(key);
                values[key] = all.length > 1 ? all : all[0];
            }
            ask("POST", form.getAttribute("action") || window.location.href, values);
            return;
        }
        if (form.closest(".bo-dialog-body") && button && button.dataset.busy) {
            // Not disabled: a disabled button would drop out of the form before it is sent.
            window.setTimeout(function () {
                button.disabled = true;
                button.textContent = button.dataset.busy;
            }, 0);
        }
    });

    document.addEventListener("htmx:beforeSwap", function (event) {
        const box = dialog();
        const target = event.detail.target;
        if (!box || !(target === box || box.contains(target) || target.closest(".bo-page-dialog"))) {
            return;
        }
        const xhr = event.detail.xhr;
        if (xhr.responseURL && new URL(xhr.responseURL).pathname.endsWith("/login/")) {
            // Signed out meanwhile: the login page belongs into the window, not into a dialog.
            event.detail.shouldSwap = false;
            window.location.reload();
            return;
        }
        const isOurs = xhr.responseText.includes("bo-dialog-body") && !xhr.responseText.includes("<html");
        if (xhr.status >= 400 && isOurs) {
            // A refusal is an answer like any other; by default HTMX drops it.
            event.detail.shouldSwap = true;
            event.detail.isError = false;
        } else if (!isOurs && xhr.status !== 204) {
            event.detail.shouldSwap = false;
            if (xhr.status < 400) {
                window.location.reload();
            } else {
                say(xhr.status === 403 ? box.dataset.forbidden : box.dataset.failed);
            }
        }
    });

    document.addEventListener("htmx:sendError", function () {
        if (dialog()) {
            say(dialog().dataset.failed);
        }
    });

    document.addEventListener("htmx:afterSwap", function (event) {
        const box = dialog();
        if (box && (event.detail.target === box || box.contains(event.detail.elt))) {
            show(box);
        }
    });

    // --- Palette ----------------------------------------------------------------------------

    // Enter may come before the answer: it is kept, and opens the first result when that is there.
    let isEnterWaiting = false;

    const paletteInput = () => document.getElementById("search-input-command");

    document.addEventListener("keydown", function (event) {
        const input = paletteInput();
        if (event.key !== "Enter" || !input || event.target !== input) {
            return;
        }
        const list = document.getElementById("command-results-list");
        if (list && list.dataset.text === input.value.trim()) {
            return;
        }
        event.preventDefault();
        event.stopImmediatePropagation();
        isEnterWaiting = true;
        htmx.trigger(input, "keyup");
    }, true);

    document.addEventListener("htmx:afterSettle", function (event) {
        if (!event.detail.target || event.detail.target.id !== "command-results") {
            return;
        }
        const list = document.getElementById("command-results-list");
        const first = list && list.querySelector("a");
        if (first) {
            const data = window.Alpine && window.Alpine.$data(list);
            if (data) {
                data.currentIndex = 1;
            }
        }
        if (isEnterWaiting && list && list.dataset.text === paletteInput().value.trim()) {
            isEnterWaiting = false;
            if (first) {
                window.location = first.href;
            }
        }
    });

    document.addEventListener("DOMContentLoaded", function () {
        const hint = document.querySelector("[data-palette-hint]");
        if (hint && paletteInput()) {
            paletteInput().placeholder = hint.dataset.paletteHint;
        }
    });

    // --- Keys -------------------------------------------------------------------------------

    let gotoUntil = 0;

    function isTyping(target) {
        return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
    }

    document.addEventListener("keydown", function (event) {
        if ((event.ctrlKey || event.metaKey) && event.key === "s") {
            const save = document.querySelector("#submit-row [name=_save], #submit-row [name=_continue]");
            if (save) {
                event.preventDefault();
                save.click();
            }
            return;
        }
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const open = document.querySelector("dialog[open]");
        const isChip = event.target.matches(".bo-chip input");
        if (open && /^[1-9]$/.test(event.key) && (isChip || !isTyping(event.target))) {
            const chip = open.querySelectorAll(".bo-chip input")[Number(event.key) - 1];
            if (chip) {
                event.preventDefault();
                chip.click();
                chip.focus();
            }
            return;
        }
        if (open || isTyping(event.target)) {
            return;
        }
        if (event.key === "?") {
            const list = document.getElementById("bo-shortcuts");
            if (list) {
                event.preventDefault();
                list.showModal();
            }
            return;
        }
        if (event.key === "/" && !document.getElementById("searchbar") && paletteInput()) {
            // A page without a list has no search of its own.
            event.preventDefault();
            window.dispatchEvent(new CustomEvent("opencommand"));
            return;
        }
        const key = event.key.toLowerCase();
        if (Date.now() < gotoUntil) {
            gotoUntil = 0;
            const link = document.querySelector("[data-goto='" + CSS.escape(key) + "']");
            if (link) {
                event.preventDefault();
                window.location = link.href;
                return;
            }
        }
        if (key === "g") {
            gotoUntil = Date.now() + GOTO_SECONDS * 1000;
        }
    });

    // --- Menus ------------------------------------------------------------------------------

    function closeMenus(but) {
        document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
            if (!but || !menu.contains(but)) {
                menu.open = false;
            }
        });
    }

    document.addEventListener("click", function (event) {
        closeMenus(event.target);
    });

    document.addEventListener("keydown", function (event) {
        const menu = event.target.closest && event.target.closest("details[data-menu][open]");
        if (event.key === "Escape") {
            closeMenus();
            if (menu) {
                menu.querySelector("summary").focus();
            }
        }
    });

    // --- Lists ------------------------------------------------------------------------------

    function alignMoneyHeads() {
        const row = document.querySelector("#result_list tbody tr.data-row");
        if (!row) {
            return;
        }
        const heads = document.querySelectorAll("#result_list thead th");
        Array.from(row.children).forEach(function (cell, index) {
            if (heads[index] && cell.querySelector(":scope > .bo-money")) {
                heads[index].classList.add("bo-right");
            }
        });
    }

    document.addEventListener("DOMContentLoaded", alignMoneyHeads);

    // On a phone the open view may stand beyond the edge of its row.
    document.addEventListener("DOMContentLoaded", function () {
        const open = document.querySelector(".bo-views nav .active");
        if (open) {
            open.parentElement.scrollLeft = open.offsetLeft - 16;
        }
    });
})();
