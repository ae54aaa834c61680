"""What is answered about carts and orders."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.serializers import Answer, Sent
from orders.models import Address, CartLine, Contact, Order
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.workspace import fulfilment_state, payment_state

LONGEST_TOKEN = 100


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=2, **options)


def units_field(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(max_value=CartLine.MOST_UNITS, **options)


# --- Carts --------------------------------------------------------------------------------------


class CartLineAnswer(Answer):
    product = serializers.UUIDField(source="product.uuid")
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    units = serializers.IntegerField()
    unit_price = money()
    total = money()
    problem = serializers.SerializerMethodField(
        help_text="Why this line cannot be ordered as it is; blank: it can."
    )

    def get_problem(self, line: Any) -> str:
        return "" if line.problem is None else str(line.problem)


class CartAnswer(Answer):
    """What lies in the caller's cart, at the prices of this moment."""

    lines = CartLineAnswer(many=True)
    units = serializers.IntegerField()
    currency = serializers.CharField()
    subtotal = money()
    shipping_fee = money()
    total = money()
    can_be_ordered = serializers.BooleanField()
    stamp = serializers.CharField(
        help_text="Send it with the check-out: it is refused if something changed since."
    )


class UnitsSent(Sent):
    units = units_field(min_value=1, default=1)


class LineSent(UnitsSent):
    product = serializers.UUIDField()


class NewUnitsSent(Sent):
    units = units_field(min_value=0, help_text="0 takes the line out.")


class ContactSent(Sent):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    email = serializers.EmailField(required=False)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)


class AddressSent(Sent):
    name = serializers.CharField(max_length=200, required=False)
    company = serializers.CharField(max_length=200, required=False, allow_blank=True)
    line1 = serializers.CharField(max_length=200)
    line2 = serializers.CharField(max_length=200, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=120)
    region = serializers.CharField(max_length=120, required=False, allow_blank=True)
    country = serializers.RegexField(
        r"^[A-Za-z]{2}$", required=False, help_text="ISO 3166-1 alpha-2, for example DE."
    )


class PeopleSent(Sent):
    contact = ContactSent(required=False, help_text="Blank: the account's own name and address.")
    shipping_address = AddressSent()
    billing_address = AddressSent(
        required=False, allow_null=True, help_text="Blank: the same as shipping."
    )


class CheckOutSent(PeopleSent):
    stamp = serializers.CharField(
        max_length=20_000, required=False, allow_blank=True, default="", help_text="Of the cart."
    )


class PurchaseSent(PeopleSent, UnitsSent):
    pass


# --- Orders -------------------------------------------------------------------------------------


class OrderLineAnswer(Answer):
    uuid = serializers.UUIDField()
    product = serializers.UUIDField(source="product.uuid")
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = money()
    discount = money()
    total = money()
    committed = serializers.IntegerField()
    shipped = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    returned = serializers.IntegerField()


class ReachAnswer(Answer):
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()


class HouseAnswer(Answer):
    """What only the house knows of an order."""

    assignee = serializers.UUIDField(source="assignee_id", allow_null=True)
    hold_reason = serializers.CharField()
    follow_up_on = serializers.DateField(allow_null=True)


class OrderRowAnswer(Answer):
    """An order in a list."""

    uuid = serializers.UUIDField()
    number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(ORDER_FLOW.choices)
    payment = serializers.SerializerMethodField()
    fulfilment = serializers.SerializerMethodField()
    channel = serializers.CharField()
    currency = serializers.CharField()
    total = money()
    is_held = serializers.BooleanField()
    placed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()

    def get_payment(self, order: Order) -> str:
        return payment_state(order).name

    def get_fulfilment(self, order: Order) -> str:
        return fulfilment_state(order).name


class OrderAnswer(OrderRowAnswer):
    """An order with its lines; whoever may not see customers reads masks."""

    subtotal = money()
    discount = money()
    shipping_fee = money()
    tax = money()
    due = money(source="facts.due", help_text="Below zero: more was paid than is due.")
    completed_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    contact = serializers.SerializerMethodField()
    shipping_address = serializers.SerializerMethodField()
    billing_address = serializers.SerializerMethodField()
    lines = OrderLineAnswer(many=True)
    house = serializers.SerializerMethodField(help_text="Null for customers.")

    def _sight(self, order: Order) -> Sight:
        user = self.context["request"].user
        # Everybody sees themselves.
        return Sight(True, True) if order.customer_id == user.pk else Sight.of(user)

    @extend_schema_field(ReachAnswer(allow_null=True))
    def get_contact(self, order: Order) -> Any:
        return self._reach(order.contact, self._sight(order))

    def _reach(self, contact: Contact | None, sight: Sight) -> Any:
        if contact is None:
            return None
        return {
            "name": sight.name(str(contact)),
            "email": sight.email(contact.email),
            "phone": sight.phone(contact.phone),
        }

    def get_shipping_address(self, order: Order) -> list[str]:
        return self._label(order.shipping_address, order)

    def get_billing_address(self, order: Order) -> list[str]:
        return self._label(order.billing_address, order)

    def _label(self, address: Address | None, order: Order) -> list[str]:
        return [str(line) for line in self._sight(order).address_lines(address)]

    @extend_schema_field(HouseAnswer(allow_null=True))
    def get_house(self, order: Order) -> Any:
        return HouseAnswer(order).data if self.context["request"].user.is_staff else None


class PaymentAnswer(Answer):
    """Money that came, was reserved, let go or refused; or went back (kind `refunded`)."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    amount = money()
    currency = serializers.CharField()
    message = serializers.CharField()
    at = serializers.DateTimeField()


class PaySent(Sent):
    token = serializers.CharField(
        max_length=LONGEST_TOKEN,
        help_text="Of the gateway's tokeniser; with the sandbox `tok_visa`. Never a card number.",
    )


class OwnCancelSent(Sent):
    reason_code = serializers.ChoiceField(["changed_mind", "ordered_twice", "other"])
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
