// The ship dialog: a tracking number names its carrier while it is typed or scanned. The server
// knows the patterns and guesses again when the form is sent; this only shows it beforehand.
"use strict";

(() => {
  const WAIT_MS = 150;
  let timer = 0;

  const fieldsOf = (input) => {
    const form = input.closest(".bo-dialog-body form");
    const carrier = form?.querySelector("input[name=carrier]");
    return form && carrier ? { form, carrier } : null;
  };

  // Whatever a person typed stays; a guess may be replaced by the next one.
  const isOurs = (carrier) => !carrier.value || carrier.value === carrier.dataset.guess;

  const guess = async (input) => {
    const fields = fieldsOf(input);
    if (!fields || !isOurs(fields.carrier)) return;
    const typed = input.value.trim();
    const root = fields.form.getAttribute("action").split("/orders/")[0];
    const address = `${root}/orders/shipment/carrier/?number=${encodeURIComponent(typed)}`;
    const answer = typed ? await fetch(address, { headers: { Accept: "application/json" } }) : null;
    if (answer && !answer.ok) return;
    const name = answer ? (await answer.json()).carrier : "";
    if (input.value.trim() !== typed || !isOurs(fields.carrier)) return;
    fields.carrier.value = name;
    fields.carrier.dataset.guess = name;
  };

  document.addEventListener("input", (event) => {
    if (event.target.name !== "tracking") return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => guess(event.target).catch(() => {}), WAIT_MS);
  });
})();
