// The workspace's keys and dialogs. What changes an order is a form of its own; nothing here does.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const next = document.querySelector("[data-next]")?.dataset.next;
  if (next) window.location.assign(next);
});

// “Cancel order and return 48.00 EUR” is only true while the money goes back.
document.addEventListener("change", (event) => {
  if (event.target.name !== "refund") return;
  const body = event.target.closest(".bo-dialog-body");
  const plain = body?.querySelector("[data-button-without-refund]")?.dataset.buttonWithoutRefund;
  const button = body?.querySelector("button[type=submit]");
  if (!plain || !button) return;
  button.dataset.full ??= button.textContent.trim();
  button.textContent = event.target.checked ? button.dataset.full : plain;
});
