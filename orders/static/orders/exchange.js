// Choosing an exchange: more lines, lines taken out, and what credit and price leave to pay or to
// refund. The server computes what counts.
"use strict";

(function () {
  const form = document.getElementById("exchange-form");
  if (!form) return;
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("[data-blank-line]");
  const count = form.querySelector("[name='lines-TOTAL_FORMS']");
  const $ = window.django.jQuery;
  const known = new Map();
  const cents = (text) => Math.round(Number.parseFloat(String(text).replace(",", ".")) * 100) || 0;
  const shown = (amount) =>
    `${(amount / 100).toLocaleString("en", { minimumFractionDigits: 2 })} ${form.dataset.currency}`;
  const field = (line, name) => line.querySelector(`[name$='-${name}']`);

  function addUpLine(line) {
    const select = field(line, "product");
    const now = known.get(select.value) ?? select.selectedOptions[0]?.dataset ?? {};
    const quantity = Number.parseInt(field(line, "quantity").value, 10) || 0;
    const isOut = field(line, "DELETE").checked;
    const sum = isOut || !select.value ? 0 : cents(now.price ?? 0) * quantity;
    line.classList.toggle("is-out", isOut);
    line.querySelector("[data-line-total]").textContent = sum ? shown(sum) : "";
    const hint = line.querySelector("[data-stock-hint]");
    hint.hidden = !(sum && quantity > Number(now.units ?? NaN));
    hint.textContent = form.dataset.only.replace("#", Math.max(Number(now.units ?? 0), 0));
    return sum;
  }

  function addUp() {
    let total = cents(form.querySelector("[name=shipping_fee]").value);
    for (const line of lines.querySelectorAll("[data-line]")) total += addUpLine(line);
    const due = cents(form.dataset.due);
    const credit = Math.min(due, total);
    const rest = total > due ? total - due : due - total;
    const label = form.querySelector("[data-rest-row] dt");
    form.querySelector("[data-total]").textContent = shown(total);
    form.querySelector("[data-credit]").textContent = `−${shown(credit)}`;
    form.querySelector("[data-rest]").textContent = shown(rest);
    label.textContent = total >= due ? label.dataset.pay : label.dataset.refund;
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
    if (chosen.price) known.set(String(chosen.id), chosen);
    addUp();
    event.target.closest("[data-line]")?.querySelector("input[type=number]").select();
  });
  $(form).on("select2:clear", "select", () => window.setTimeout(addUp));
  form.addEventListener("input", addUp);
  form.addEventListener("change", addUp);
  addUp();
})();
