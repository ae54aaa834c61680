// The bench: plus and minus beside each number, and what is left of a line goes where it is free.
// The server adds up again.
"use strict";

(function () {
  const form = document.getElementById("inspect-form");
  if (!form) return;
  const units = (input) => Number.parseInt(input.value, 10) || 0;

  function check(line) {
    const inputs = [...line.querySelectorAll("input[data-kind]")];
    const off = Number(line.dataset.units) - inputs.reduce((sum, input) => sum + units(input), 0);
    const sum = line.querySelector("[data-sum]");
    sum.hidden = off === 0;
    sum.textContent = (off > 0 ? form.dataset.short : form.dataset.over).replace("#", Math.abs(off));
    line.classList.toggle("is-wrong", off !== 0);
    return off === 0;
  }

  // Whoever says “one is damaged” means: one less is sellable.
  function step(input, by) {
    const line = input.closest("[data-units]");
    const most = Number(line.dataset.units);
    const next = Math.min(Math.max(units(input) + by, 0), most);
    const moved = next - units(input);
    input.value = next;
    const partner = line.querySelector(`input[data-kind=${input.dataset.kind === "sellable" ? "damaged" : "sellable"}]`);
    partner.value = Math.min(Math.max(units(partner) - moved, 0), most);
    check(line);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-less], [data-more]");
    if (!button) return;
    step(button.parentElement.querySelector("input"), button.matches("[data-more]") ? 1 : -1);
  });
  form.addEventListener("input", (event) => {
    const line = event.target.closest("[data-units]");
    if (line) check(line);
  });
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("input[data-kind]")) event.target.select();
  });
  form.addEventListener("submit", (event) => {
    const wrong = [...form.querySelectorAll("[data-units]")].filter((line) => !check(line));
    if (!wrong.length) return;
    event.preventDefault();
    wrong[0].querySelector("input[data-kind]").focus();
  });
  form.querySelector("input[data-kind]")?.focus();
})();
