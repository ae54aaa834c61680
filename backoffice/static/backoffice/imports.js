/* The upload page: the chosen file's name, a file dropped anywhere on the box, no second press. */

(function () {
    "use strict";

    const drop = document.querySelector(".bi-drop");
    if (drop) {
        const input = drop.querySelector("input[type=file]");
        const name = drop.querySelector(".bi-drop-name");
        const error = document.querySelector(".bi-drop-error");

        // Unfold would look for the text field of its own file widget, and find none.
        input.hasChangeListener = true;
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

    document.querySelectorAll("form[data-busy]").forEach(function (form) {
        form.addEventListener("submit", function (event) {
            if (form.dataset.sent) {
                event.preventDefault();
                return;
            }
            form.dataset.sent = "yes";
            const button = event.submitter;
            // After the submission is built: a disabled button would not be part of it.
            window.setTimeout(function () {
                form.querySelectorAll("button").forEach((one) => { one.disabled = true; });
                if (button && !button.hasAttribute("formaction")) {
                    button.textContent = form.dataset.busy;
                }
            }, 0);
        });
    });

    // The browser's back button shows the page as it was left: let it be used again.
    window.addEventListener("pageshow", function (event) {
        if (event.persisted) {
            window.location.reload();
        }
    });

    document.addEventListener("click", function (event) {
        document.querySelectorAll("details.bi-menu[open]").forEach(function (menu) {
            if (!menu.contains(event.target)) {
                menu.open = false;
            }
        });
    });
})();
