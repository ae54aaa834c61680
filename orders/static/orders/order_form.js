// The order's form: more lines, lines taken out, totals while typing, what the server says of the
// change, and a warning before unsaved work is left. The server computes what counts.
"use strict";

(function () {
  const form = document.getElementById("order-form");
  if (!form) return;
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("[data-blank-line]");
  const count = form.querySelector("[name='lines-TOTAL_FORMS']");
  const preview = document.getElementById("edit-preview");
  const $ = window.django.jQuery;
  const known = new Map();
  let isDirty = false;
  let asked = 0;
  let timer;
  // In cents: binary fractions must not show 0.30000000000000004.
  const cents = (text) => Math.round(Number.parseFloat(String(text).replace(",", ".")) * 100) || 0;
  const shown = (amount) =>
    `${(amount / 100).toLocaleString("en", { minimumFractionDigits: 2 })} ${form.dataset.currency}`;
  const field = (line, name) => line.querySelector(`[name$='-${name}']`);

  function facts(line) {
    const select = field(line, "product");
    const option = select.selectedOptions[0];
    const now = known.get(select.value) ?? option?.dataset ?? {};
    const isFrozen = line.dataset.frozenProduct === select.value;
    return {
      price: cents(isFrozen ? line.dataset.frozenPrice : (now.price ?? 0)),
      // What the line holds already is free for it.
      units: now.units === undefined ? NaN : Number(now.units) + (isFrozen ? Number(line.dataset.held) : 0),
    };
  }

  // “5.00” is an amount, “10 %” a share of the sum.
  function moneyOff(text, of) {
    const number = String(text).trim();
    if (!number) return 0;
    return number.endsWith("%") ? Math.round((of * cents(number)) / 10000) : cents(number);
  }

  function addUpLine(line) {
    const quantity = Number.parseInt(field(line, "quantity").value, 10) || 0;
    const isOut = field(line, "DELETE").checked;
    const { price, units } = facts(line);
    const isWanted = !isOut && field(line, "product").value;
    const gross = isWanted ? price * quantity : 0;
    const discount = field(line, "discount");
    const sum = gross - moneyOff(discount.value, gross);
    line.classList.toggle("is-out", isOut);
    line.classList.toggle("has-discount", discount.value.trim() !== "");
    line.querySelector("[data-line-total]").textContent = isWanted && gross ? shown(sum) : "";
    const hint = line.querySelector("[data-stock-hint]");
    hint.hidden = !(isWanted && quantity > units);
    hint.textContent = form.dataset.only.replace("#", Math.max(units, 0));
    return sum;
  }

  function addUp() {
    let subtotal = 0;
    for (const line of lines.querySelectorAll("[data-line]")) subtotal += addUpLine(line);
    const shipping = cents(form.querySelector("[name=shipping_fee]").value);
    const tax = cents(form.querySelector("[data-tax]")?.dataset.tax ?? 0);
    const typed = form.querySelector("[name=discount]").value;
    const discount = moneyOff(typed, subtotal);
    form.querySelector("[data-subtotal]").textContent = shown(subtotal);
    form.querySelector("[data-discount-row]").hidden = !discount;
    form.querySelector("[data-discount-sum]").textContent = `−${shown(discount)}`;
    form.querySelector("[data-shipping]").textContent = shown(shipping);
    form.querySelector("[data-total]").textContent = shown(subtotal - discount + shipping + tax);
    const reason = form.querySelector("[data-field=discount_reason]");
    if (reason) reason.hidden = !typed.trim() && !reason.classList.contains("errors");
  }

  async function ask() {
    const mine = ++asked;
    let text;
    try {
      const answer = await fetch(preview.dataset.preview, { method: "POST", body: new FormData(form) });
      if (!answer.ok) return;
      text = await answer.text();
    } catch {
      return;
    }
    // Answers overtake each other; only the newest question counts.
    if (mine === asked) preview.innerHTML = text;
  }

  function changed() {
    isDirty = true;
    addUp();
    if (!preview) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, 300);
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
    changed();
    event.target.closest("[data-line]")?.querySelector("input[type=number]").select();
  });
  $(form).on("select2:clear", "select", () => window.setTimeout(changed));
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    isDirty = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  addUp();
  // A form that comes back refused has changes already.
  if (form.querySelector(".bo-note-danger")) changed();
})();
