// The card goes from Stripe's own field to Stripe; what we send to our server is its token.
(function () {
  "use strict";
  const form = document.querySelector("[data-stripe-key]");
  if (!form || !window.Stripe) return;
  const stripe = window.Stripe(form.dataset.stripeKey);
  const card = stripe.elements().create("card");
  card.mount(form.querySelector("[data-stripe-card]"));
  form.addEventListener("htmx:confirm", function (event) {
    event.preventDefault();
    stripe.createPaymentMethod({ type: "card", card: card }).then(function (answer) {
      form.querySelector("[data-stripe-problem]").textContent = answer.error ? answer.error.message : "";
      if (answer.error) return;
      form.elements.token.value = answer.paymentMethod.id;
      event.detail.issueRequest(true);
    });
  });
})();
