// What the pages outside the console need beside HTMX: its requests carry the CSRF token, a refusal
// (4xx) is shown where it belongs, and a menu closes when somebody clicks elsewhere.
(function () {
  "use strict";

  document.addEventListener("htmx:configRequest", function (event) {
    const field = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (field && event.detail.verb !== "get") {
      event.detail.headers["X-CSRFToken"] = field.value;
    }
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    if ([400, 409, 422].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.account[open], details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const picture = event.target.closest("[data-picture]");
    if (picture) {
      event.preventDefault();
      const large = document.querySelector("[data-large-picture]");
      large.src = picture.href;
      large.alt = picture.querySelector("img").alt;
      document.querySelectorAll("[data-picture]").forEach(function (other) {
        other.toggleAttribute("aria-current", other === picture);
      });
    }
  });

  // The price beside the button is the chosen variant's.
  document.addEventListener("change", function (event) {
    const chosen = event.target.closest(".choice input");
    const shown = document.querySelector("[data-chosen-price]");
    if (chosen && shown) {
      const parts = chosen.closest(".choice").querySelectorAll(".choice-price > *");
      shown.replaceChildren(...Array.from(parts).reverse().flatMap(function (part) {
        return [part.cloneNode(true), " "];
      }));
    }
  });

  // A form that reloads the list by itself needs no button once scripts run.
  document.documentElement.classList.add("js");
})();
