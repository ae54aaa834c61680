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
    "orders.view_queuetarget",
    "orders.view_return",
    "orders.view_cart",
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
_SEE = (
    *_SEE_ORDERS,
    *_SEE_CATALOGUE,
    "orders.view_customer",
    "orders.view_customernote",
)
_WRITE_ORDERS = (
    "orders.add_order",
    "orders.change_order",
    "orders.add_customer",
    "orders.place_order",
    "orders.take_payment_order",
    "orders.discount_order",
    "orders.merge_order",
)
_RUN_ORDERS = (
    "orders.process_order",
    "orders.hold_order",
    "orders.release_order",
    "orders.cancel_order",
    "orders.note_order",
    "orders.refund_order",
)
_SEE_CUSTOMERS = (
    "orders.reveal_customer",
    "orders.view_contact",
    "orders.view_address",
    "orders.note_customer",
)
# Goods that come back: whoever talks to the customer announces them, whoever stands at the bench
# says what they are.
_RETURNS = ("orders.request_return", "orders.close_return", "orders.withdraw_return")
_TAKE_BACK = ("orders.receive_return", "orders.inspect_return")
_SEE_IMPORTS = ("backoffice.view_importrun", "backoffice.view_importrecipe")
_ADJUST_STOCK = ("catalog.adjust_stock_product",)
_RUN_CATALOGUE = (
    "catalog.add_product",
    "catalog.change_product",
    "catalog.import_product",
    *_SEE_IMPORTS,
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
_WEBHOOKS = (
    "orders.view_webhookevent",
    "backoffice.view_webhookendpoint",
    "backoffice.view_webhookdelivery",
)
_KEEP_WEBHOOKS = (
    "backoffice.add_webhookendpoint",
    "backoffice.change_webhookendpoint",
    "backoffice.resend_webhookdelivery",
)
_EXPORT = ("catalog.export_product", "orders.export_order")
_SHEETS_OF_ORDERS = ("orders.import_order", *_SEE_IMPORTS)
# Everybody sees, stops and repeats the jobs they started.
_JOBS = (
    "backoffice.view_job",
    "backoffice.cancel_job",
    "backoffice.retry_job",
    "backoffice.view_bulkrun",
)
# Views of lists: an auditor writes nothing, and so has those that others share.
_KEEP_VIEWS = ("backoffice.keep_savedview",)
_SHARE_VIEWS = (*_KEEP_VIEWS, "backoffice.share_savedview")
# The whole record; whoever has only a trail's own permission sees that kind of object.
_SEE_RECORD = ("backoffice.view_changeset", "backoffice.view_auditevent")
_AUDIT = (
    *_SEE_RECORD,
    "backoffice.share_auditsample",
    "backoffice.verify_record",
    "backoffice.view_verification",
    "backoffice.view_job",
    "backoffice.view_bulkrun",
    "backoffice.oversee_job",
    *_SEE_IMPORTS,
)

_SEE_RETENTION = ("backoffice.view_retentionrule",)
# Whoever may do what a rule limits sees their own requests; approvers and auditors see all.
_ASK = ("backoffice.view_approval", "backoffice.ask_approval")
_LETTERS = ("orders.view_message", "orders.resend_message")

ROLES: dict[str, tuple[str, ...]] = {
    "support": (
        *_KEEP_VIEWS,
        *_RETURNS, "orders.exchange_return",
        *_SEE, *_SEE_CUSTOMERS, *_WRITE_ORDERS, *_RUN_ORDERS, *_EXPORT, *_JOBS,
        "orders.complete_order",
        *_SHEETS_OF_ORDERS,
        *_ASK, *_LETTERS, "orders.audit_order",
    ),
    "fulfilment": (
        *_KEEP_VIEWS,
        *_RETURNS, *_TAKE_BACK,
        *_SEE, "orders.view_address", *_EXPORT, *_ADJUST_STOCK, *_JOBS,
        *_SEE_IMPORTS,
        "orders.note_order", "orders.ship_order", "orders.complete_order",
        *_ASK, "orders.audit_order",
    ),
    "merchandiser": (
        *_KEEP_VIEWS,
        *_SEE_ORDERS, *_SEE_CATALOGUE, *_RUN_CATALOGUE, *_EXPORT, *_JOBS, *_ASK,
        "catalog.audit_product", "catalog.restore_version_product",
    ),
    "finance": (
        *_KEEP_VIEWS,
        *_SEE, *_SEE_CUSTOMERS, *_EXPORT, *_JOBS, "orders.export_customer",
        "orders.record_payment_order", "orders.take_payment_order",
        "orders.view_paymentintent", "orders.refund_order", "orders.capture_payment_order",
        *_WEBHOOKS, "orders.handle_webhookevent",
        *_ASK, "orders.view_message", *_SEE_RECORD,
    ),
    "auditor": (
        *_SEE, *_EXPORT, *_AUDIT, "orders.view_paymentintent", "backoffice.view_user",
        "auth.view_group", *_WEBHOOKS,
        "backoffice.view_approval", "backoffice.view_approvalrule", "orders.view_message",
        *_SEE_RETENTION,
    ),
    "manager": (
        *_SHARE_VIEWS,
        *_RETURNS, *_TAKE_BACK, "orders.exchange_return",
        *_SEE, *_SEE_CUSTOMERS, *_WRITE_ORDERS, *_RUN_ORDERS, *_RUN_CATALOGUE, *_EXPORT, *_AUDIT,
        *_JOBS,
        *_SHEETS_OF_ORDERS, "orders.take_in_order", "orders.export_customer",
        "orders.ship_order", "orders.complete_order", "orders.reopen_order",
        "orders.process_unpaid_order", "orders.view_paymentintent", "orders.change_queuetarget",
        "orders.capture_payment_order", *_WEBHOOKS, "orders.handle_webhookevent",
        "backoffice.resend_webhookdelivery",
        *_ASK, *_LETTERS, "backoffice.approve_approval", "backoffice.view_approvalrule",
        "backoffice.undo_importrun", "orders.erase_customer",
        "catalog.restore_version_product", "catalog.restore_version_category",
        "catalog.restore_version_tag", "catalog.restore_version_stocklocation",
    ),
    "admin": (
        *_SHARE_VIEWS,
        *_AUDIT, *_JOBS, "backoffice.view_user", "backoffice.add_user", "backoffice.change_user",
        "auth.view_group", *_WEBHOOKS, *_KEEP_WEBHOOKS, "orders.handle_webhookevent",
        "backoffice.view_approval", "backoffice.view_approvalrule", "backoffice.add_approvalrule",
        "backoffice.change_approvalrule",
        *_SEE_RETENTION, "backoffice.add_retentionrule", "backoffice.change_retentionrule",
        "backoffice.expire_retentionrule",
    ),
}  # fmt: skip
