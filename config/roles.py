"""Who may do what: one table. After every migrate each role becomes a group with these permissions.

A step's permission is the step's own name (`orders.cancel_order`); nobody may delete.
"""

_SEE_ORDERS = (
    "orders.view_order",
    "orders.view_payment",
    "orders.view_refund",
    "orders.view_shipment",
    "orders.view_cancellation",
    "orders.view_ordernote",
)
_SEE_CATALOGUE = (
    "catalog.view_product",
    "catalog.view_productimage",
    "catalog.view_category",
    "catalog.view_tag",
    "catalog.view_pricechange",
    "catalog.view_review",
    "catalog.view_stocklevel",
    "catalog.view_stocklocation",
    "catalog.view_stockmovement",
)
_SEE = (*_SEE_ORDERS, *_SEE_CATALOGUE, "orders.view_customer")
_WRITE_ORDERS = (
    "orders.add_order",
    "orders.change_order",
    "orders.add_customer",
    "orders.place_order",
    "orders.take_payment_order",
)
_RUN_ORDERS = (
    "orders.process_order",
    "orders.hold_order",
    "orders.release_order",
    "orders.cancel_order",
    "orders.note_order",
)
_SEE_CUSTOMERS = ("orders.reveal_customer", "orders.view_contact", "orders.view_address")
_ADJUST_STOCK = ("catalog.adjust_stock_product",)
_RUN_CATALOGUE = (
    "catalog.add_product",
    "catalog.change_product",
    "catalog.import_product",
    "backoffice.view_importrun",
    "catalog.publish_product",
    "catalog.unpublish_product",
    "catalog.archive_product",
    "catalog.restore_product",
    "catalog.feature_product",
    "catalog.change_price_product",
    "catalog.add_productimage",
    "catalog.change_productimage",
    "catalog.delete_productimage",
    "catalog.add_category",
    "catalog.change_category",
    "catalog.delete_category",
    "catalog.add_tag",
    "catalog.change_tag",
    "catalog.delete_tag",
    "catalog.approve_review",
    "catalog.reject_review",
    "catalog.add_stocklocation",
    "catalog.change_stocklocation",
    *_ADJUST_STOCK,
)
_EXPORT = ("catalog.export_product", "orders.export_order")
_AUDIT = (
    "backoffice.view_changeset",
    "backoffice.view_auditevent",
    "backoffice.view_importrun",
)

ROLES: dict[str, tuple[str, ...]] = {
    "support": (
        *_SEE, *_SEE_CUSTOMERS, *_WRITE_ORDERS, *_RUN_ORDERS, *_EXPORT, "orders.complete_order",
    ),
    "fulfilment": (
        *_SEE, "orders.view_address", *_EXPORT, *_ADJUST_STOCK,
        "orders.note_order", "orders.ship_order", "orders.complete_order",
    ),
    "merchandiser": (*_SEE_ORDERS, *_SEE_CATALOGUE, *_RUN_CATALOGUE, *_EXPORT),
    "finance": (
        *_SEE, *_SEE_CUSTOMERS, *_EXPORT, "orders.record_payment_order",
        "orders.take_payment_order",
        "orders.view_paymentintent",
    ),
    "auditor": (
        *_SEE, *_EXPORT, *_AUDIT, "orders.view_paymentintent", "backoffice.view_user",
        "auth.view_group",
    ),
    "manager": (
        *_SEE, *_SEE_CUSTOMERS, *_WRITE_ORDERS, *_RUN_ORDERS, *_RUN_CATALOGUE, *_EXPORT, *_AUDIT,
        "orders.ship_order", "orders.complete_order", "orders.reopen_order",
        "orders.process_unpaid_order", "orders.view_paymentintent",
    ),
    "admin": (
        *_AUDIT, "backoffice.view_user", "backoffice.add_user", "backoffice.change_user",
        "auth.view_group",
    ),
}  # fmt: skip
