"""A small shop in which everybody has something, and something that is not for everybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db import models

from backoffice import tokens
from backoffice.models import ApiToken, ChangeSet, ImportRun, User
from catalog.models import Category, Product, ProductImage, Review, StockLevel, StockLocation, Tag
from orders import services as orders
from orders.models import Order
from tests.catalog.factories import CategoryFactory, ProductFactory, ReviewFactory, put_on_shelf
from tests.conftest import ROLES
from tests.orders.factories import boss
from tests.samples import make_one_of_everything

# Words that nobody guesses: where one of them shows, something foreign was shown.
HIDDEN_PRODUCT = "zz-hidden-product"
HIDDEN_REVIEW = "zz-hidden-review"
FOREIGN_TOKEN = "zz-foreign-token"
STAFF_ADDRESS = "zz-staff"
FOREIGN_PERSON = "zz-foreign-person"

# Who may see them: whoever has one of these permissions.
RECORD = "backoffice.view_changeset"
SECRETS = {
    HIDDEN_PRODUCT: ("catalog.view_product", RECORD),
    HIDDEN_REVIEW: ("catalog.view_review", RECORD),
    FOREIGN_TOKEN: (),
    FOREIGN_PERSON: ("orders.view_contact",),
    STAFF_ADDRESS: ("backoffice.view_user", RECORD),
}


@dataclass
class World:
    users: dict[str, User]
    # Names of path parameters and body fields → values that exist.
    known: dict[str, list[str]] = field(default_factory=dict)

    def address_of(self, caller: str) -> str:
        """Return a caller's own e-mail address, which they may see."""
        return self.users[caller].email if caller in self.users else "nobody"

    def secrets_from(self, caller: str) -> list[str]:
        """Return the words that must not be shown to a caller."""
        user = self.users.get(caller)

        def may_see(permissions: tuple[str, ...]) -> bool:
            return user is not None and any(map(user.has_perm, permissions))

        return [word for word, permissions in SECRETS.items() if not may_see(permissions)]


def make_world() -> World:
    make_one_of_everything()
    users = {"customer": User.objects.create_user("customer@example.com", "a-good-password")}
    for role in ROLES:
        users[role] = User.objects.create_user(
            f"{STAFF_ADDRESS}-{role}@example.com", "a-good-password", is_staff=True
        )
        users[role].groups.add(Group.objects.get(name=role))
    for name in ("customer", "manager", "merchandiser"):
        tokens.issue_token(name="till", by=users[name], reason="")
    owner = User.objects.create_user("another@example.com", "a-good-password")
    tokens.issue_token(name=FOREIGN_TOKEN, by=owner, reason="")
    hidden = ProductFactory(name=HIDDEN_PRODUCT, status="draft")
    put_on_shelf(hidden, 3)
    ProductFactory(status="draft", created_by=users["merchandiser"])
    ReviewFactory(title=HIDDEN_REVIEW)
    ReviewFactory(title="Fine", status="approved")
    ReviewFactory(title="Mine", author=users["customer"])
    CategoryFactory(parent=CategoryFactory())
    mug = ProductFactory(stock=30)
    order_for(users["customer"], mug)
    stranger = User.objects.create_user(
        f"{FOREIGN_PERSON}@example.com", "a-good-password", first_name=FOREIGN_PERSON
    )
    order_for(stranger, mug)
    cart = orders.cart_of(by=users["customer"])
    orders.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=1, by=users["customer"])
    world = World(users)
    world.known = known_values()
    return world


def order_for(customer: User, product: Product) -> Order:
    """Write and place an order in somebody's name."""
    who = {"by": boss(), "reason": "sample"}
    order = orders.write_order(
        customer_id=customer.pk,
        lines=[orders.LineDraft(product.pk, 2)],
        shipping_fee=Decimal("4.90"),
        channel="phone",
        **who,
    )
    return orders.place_order(order_id=order.pk, **who)


def known_values() -> dict[str, list[str]]:
    """Return the public keys of what exists, by the first word of an address or a field's name."""

    def all_of(model: type[models.Model], name: str = "uuid") -> list[str]:
        return [str(value) for value in model._default_manager.values_list(name, flat=True)]

    return {
        "products": all_of(Product),
        "product": all_of(Product),
        "images": all_of(ProductImage),
        "categories": all_of(Category),
        "category": all_of(Category, "slug"),
        "tags": all_of(Tag, "slug"),
        "tag": all_of(Tag, "slug"),
        "reviews": all_of(Review),
        "tokens": all_of(ApiToken),
        "model": ["catalog.Product", "catalog.Review", "orders.Order", "backoffice.User"],
        "imports": all_of(ImportRun),
        "change_sets": all_of(ChangeSet),
        "products:slug": [*Product.objects.published().values_list("slug", flat=True)],
        "categories:slug": all_of(Category, "slug"),
        "location": all_of(StockLocation, "code"),
        "orders": all_of(Order),
        "lines": all_of(Product),
        "into": all_of(Order),
        "token": ["tok_visa", "tok_chargeDeclined"],
        "step": ["publish", "unpublish", "archive", "restore", "approve", "reject", "cancel"],
    }


PROTECTED: list[tuple[type[models.Model], tuple[str, ...]]] = [
    (User, ("email", "is_staff", "is_superuser", "is_active")),
    (Product, ("uuid", "created_by", "created_at")),
    (Review, ("uuid", "author", "product", "created_at")),
    (Order, ("uuid", "number", "customer", "currency", "created_at")),
]
# Only a step, a payment or a sheet moves these.
STATES: list[tuple[type[models.Model], tuple[str, ...]]] = [
    (Product, ("status",)),
    (Review, ("status",)),
    (Order, ("status",)),
]
CATALOGUE: list[tuple[type[models.Model], tuple[str, ...]]] = [
    (Product, ("name", "price", "status", "version")),
    (Category, ("name", "parent", "version")),
    (Tag, ("name",)),
    (StockLevel, ("on_hand", "unavailable")),
]


def values_of(table: list[tuple[type[models.Model], tuple[str, ...]]]) -> dict[Any, Any]:
    """Return the named columns of every row, by model and key."""
    return {
        (model.__name__, row[0]): row[1:]
        for model, columns in table
        for row in model._base_manager.values_list("pk", *columns)
    }
