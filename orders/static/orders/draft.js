// The draft's form: more lines, lines taken out, and totals while typing. The server computes the
// sums that count; these only show them early.
"use strict";

(function () {
  const form = document.getElementById("draft-form");
  if (!form) return;
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("[data-blank-line]");
  const count = form.querySelector("[name='lines-TOTAL_FORMS']");
  const $ = window.django.jQuery;
  const prices = new Map();
  // In cents: binary fractions must not show 0.30000000000000004.
  const cents = (text) => Math.round(Number.parseFloat(String(text).replace(",", ".")) * 100) || 0;
  const shown = (amount) =>
    `${(amount / 100).toLocaleString("en", { minimumFractionDigits: 2 })} ${form.dataset.currency}`;

  function priceOf(select) {
    const option = select.selectedOptions[0];
    return cents(prices.get(select.value) ?? option?.dataset.price ?? 0);
  }

  function addUp() {
    let subtotal = 0;
    for (const line of lines.querySelectorAll("[data-line]")) {
      const select = line.querySelector("select");
      const quantity = Number.parseInt(line.querySelector("input[type=number]").value, 10) || 0;
      const isOut = line.querySelector("input[type=checkbox]").checked;
      const sum = isOut || !select.value ? 0 : priceOf(select) * quantity;
      line.classList.toggle("is-out", isOut);
      line.querySelector("[data-line-total]").textContent = sum ? shown(sum) : "";
      subtotal += sum;
    }
    const shipping = cents(form.querySelector("[name=shipping_fee]").value);
    form.querySelector("[data-subtotal]").textContent = shown(subtotal);
    form.querySelector("[data-shipping]").textContent = shown(shipping);
    form.querySelector("[data-total]").textContent = shown(subtotal + shipping);
  }

  form.querySelector("[data-add-line]").addEventListener("click", () => {
    const index = count.value;
    lines.insertAdjacentHTML("beforeend", blank.innerHTML.replaceAll("__prefix__", index));
    count.value = Number(index) + 1;
    const select = lines.lastElementChild.querySelector("select");
    $(select).select2();
    $(select).select2("open");
  });

  $(form).on("select2:select", "select", (event) => {
    const chosen = event.params.data;
    if (chosen.price) prices.set(String(chosen.id), chosen.price);
    addUp();
    event.target.closest("[data-line]")?.querySelector("input[type=number]").select();
  });
  $(form).on("select2:clear", "select", () => window.setTimeout(addUp));
  form.addEventListener("input", addUp);
  form.addEventListener("change", addUp);
  addUp();
})();
