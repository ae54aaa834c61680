/* The refund calculator: the sum, and the button that names it, follow every key.

   In whole cents and by the server's own rule (orders/services/amounts.py), which has the last word. */

(function () {
    "use strict";

    const bodyOf = (node) => node.closest(".bo-dialog-body");
    const outputIn = (body) => body && body.querySelector("[data-refund-sum]");

    // "1.234,50" is nobody's input here: the server takes 1234.50 only, and so does this.
    function cents(text) {
        const clean = (text || "").trim();
        if (!/^\d+(\.\d{1,2})?$/.test(clean)) {
            return clean === "" ? 0 : NaN;
        }
        const [whole, part] = clean.split(".");
        return Number(whole) * 100 + Number(((part || "") + "00").slice(0, 2));
    }

    // Units are worth what is reached by rounding the running sum down: no cent is lost.
    function worth(input) {
        const units = /^\d*$/.test(input.value.trim()) ? BigInt(input.value.trim() || 0) : null;
        if (units === null || units > BigInt(input.max)) {
            return NaN;
        }
        const [whole, of, gone] = input.dataset.worth.split(" ").map(BigInt);
        return Number((whole * (gone + units)) / of - (whole * gone) / of);
    }

    function words(amount, currency) {
        const parts = (amount / 100).toFixed(2).split(".");
        return parts[0].replace(/\B(?=(\d{3})+$)/g, ",") + "." + parts[1] + " " + currency;
    }

    function chosen(body) {
        let sum = 0;
        body.querySelectorAll("[data-units] input[data-worth]").forEach(function (input) {
            sum += worth(input);
        });
        const shipping = body.querySelector("[name=shipping]");
        return sum + (shipping ? cents(shipping.value) : 0);
    }

    function show(body) {
        const output = outputIn(body);
        if (!output) {
            return;
        }
        const said = output.dataset;
        const amount = body.querySelector("[name=amount]");
        const sum = amount && amount.value.trim() ? cents(amount.value) : chosen(body);
        const isTooMuch = sum > Number(said.left);
        const text = Number.isNaN(sum) ? "–" : words(sum, said.currency);
        output.textContent = isTooMuch ? text + " – " + said.tooMuch : text;
        output.classList.toggle("bo-error", isTooMuch);
        const button = body.querySelector("button[type=submit]:not([name])");
        if (button) {
            const needsAnother = said.limit !== "" && sum > Number(said.limit);
            const label = needsAnother ? said.ask : said.refund;
            button.textContent = sum > 0 && !isTooMuch ? label.replace("{amount}", text) : said.nothing;
        }
    }

    function takeAll(body) {
        body.querySelectorAll("[data-units] input[data-worth]").forEach(function (input) {
            input.value = input.max;
        });
        const said = outputIn(body).dataset;
        const shipping = body.querySelector("[name=shipping]");
        const amount = body.querySelector("[name=amount]");
        if (shipping) {
            shipping.value = (Number(said.shipping) / 100).toFixed(2);
        }
        if (amount) {
            amount.value = "";
            // An earlier refund of a mere amount has taken some of it.
            if (chosen(body) !== Number(said.left)) {
                amount.value = (Number(said.left) / 100).toFixed(2);
            }
        }
        show(body);
    }

    document.addEventListener("input", function (event) {
        if (bodyOf(event.target)) {
            show(bodyOf(event.target));
        }
    });

    document.addEventListener("click", function (event) {
        if (event.target.closest("[data-refund-all]")) {
            takeAll(bodyOf(event.target));
        }
    });

    function begin() {
        document.querySelectorAll(".bo-dialog-body").forEach(function (body) {
            if (outputIn(body)) {
                body.querySelector("[data-refund-all]").hidden = false;
                show(body);
            }
        });
    }

    document.addEventListener("DOMContentLoaded", begin);
    document.addEventListener("htmx:afterSwap", begin);
})();
