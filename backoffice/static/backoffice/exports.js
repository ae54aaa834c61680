/* The page before an export: all or none, of a group and of the sheet, and how many are chosen. */

(function () {
    "use strict";

    const form = document.querySelector("form[data-export]");
    if (!form) {
        return;
    }
    const count = form.querySelector("[data-chosen]");
    const boxes = (part) => Array.from(part.querySelectorAll("input[type=checkbox]"));
    const open = (part) => boxes(part).filter((box) => !box.disabled);

    function set(part, isChosen) {
        open(part).forEach((box) => { box.checked = isChosen; });
        show();
    }

    function show() {
        const chosen = boxes(form).filter((box) => box.checked).length;
        count.textContent = count.dataset.chosen.replace("{count}", chosen).replace("{total}", count.dataset.total);
        form.querySelectorAll("[data-group]").forEach(function (group) {
            const toggle = group.querySelector("[data-toggle]");
            const areAll = open(group).every((box) => box.checked);
            toggle.textContent = areAll ? toggle.dataset.noneWord : toggle.dataset.allWord;
        });
    }

    form.querySelectorAll("[data-group]").forEach(function (group) {
        const toggle = group.querySelector("[data-toggle]");
        toggle.hidden = open(group).length < 2;
        toggle.addEventListener("click", () => set(group, !open(group).every((box) => box.checked)));
    });
    form.querySelector(".bx-all").hidden = false;
    form.querySelector("[data-all]").addEventListener("click", () => set(form, true));
    form.querySelector("[data-none]").addEventListener("click", () => set(form, false));
    form.addEventListener("change", show);

    // A file that is sent leaves this page open: a second press within a moment is a slip.
    form.addEventListener("submit", function (event) {
        if (form.dataset.sent) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "yes";
        window.setTimeout(() => { delete form.dataset.sent; }, 2000);
    });
    window.addEventListener("pageshow", show);
    show();
})();
