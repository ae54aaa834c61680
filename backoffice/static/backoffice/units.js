/* “How many of each line?”: − and +, all, and a note to whoever adds something up. */

(function () {
    "use strict";

    function set(input, units) {
        const most = Number(input.max);
        input.value = String(Math.max(0, Math.min(most, units)));
        input.dispatchEvent(new Event("input", { bubbles: true }));
    }

    document.addEventListener("click", function (event) {
        const button = event.target.closest("[data-units-by], [data-units-all]");
        const input = button && button.parentElement.querySelector("input");
        if (!input) {
            return;
        }
        if (button.dataset.unitsBy) {
            set(input, (Number.parseInt(input.value, 10) || 0) + Number(button.dataset.unitsBy));
        } else {
            set(input, Number(input.max));
        }
    });

    // A number that is typed over needs no select-all first.
    document.addEventListener("focusin", function (event) {
        if (event.target.matches("[data-units] input")) {
            event.target.select();
        }
    });
})();
