"""The trade's own rules: names, limits, what needs a second look, who takes the money."""

from decimal import Decimal

import environ

env = environ.Env()

SHOP_NAME = env.str("SHOP_NAME", default="Harbour & Pine")
# What stands at the foot of printed papers: address, tax number, bank account.
SHOP_IMPRINT = env.str("SHOP_IMPRINT", default="")
CURRENCY = env.str("CURRENCY", default="EUR")
# A dear product in large numbers is nearly always a slip of the keyboard.
PRICE_STOCK_RULE = {
    "price_above": env.str("PRICE_STOCK_RULE_PRICE", default="10000"),
    "units_above": env.int("PRICE_STOCK_RULE_UNITS", default=100),
}
# A bulk act over so many rows is asked and done in one dialog; above it has a plan of its own page
# and runs as a job.
BULK_AT_ONCE_ROWS = env.int("BULK_AT_ONCE_ROWS", default=50)
BULK_PLAN_AT_ONCE_ROWS = env.int("BULK_PLAN_AT_ONCE_ROWS", default=2_000)
BULK_MAX_ROWS = env.int("BULK_MAX_ROWS", default=50_000)
BULK_EXPIRES_HOURS = 24
# Above either, the number of rows is typed before anything begins; money only for what cannot be
# taken back.
BULK_TYPED_ABOVE_ROWS = env.int("BULK_TYPED_ABOVE_ROWS", default=100)
BULK_TYPED_ABOVE_MONEY = env.int("BULK_TYPED_ABOVE_MONEY", default=10_000)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=256 * 1024 * 1024)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=1_000_000)
# A larger file is read, and more rows are written, by a job.
IMPORT_AT_ONCE_BYTES = env.int("IMPORT_AT_ONCE_BYTES", default=2 * 1024 * 1024)
IMPORT_AT_ONCE_ROWS = env.int("IMPORT_AT_ONCE_ROWS", default=2_000)
IMPORT_MAX_WORKBOOK_BYTES = env.int("IMPORT_MAX_WORKBOOK_BYTES", default=50 * 1024 * 1024)
IMPORT_MAX_COLUMNS = 500
IMPORT_MAX_CELL_CHARS = 32_767
IMPORT_EXPIRES_HOURS = 24
# Where suppliers put their files by night; blank: no recipe runs by night.
IMPORT_DROP_DIR = env.str("IMPORT_DROP_DIR", default="")
# So long the rows of an applied import are kept, and it can be taken back.
IMPORT_KEEP_DAYS = env.int("IMPORT_KEEP_DAYS", default=180)
# An export of more rows than this is written by a job; its file is kept for so many days.
EXPORT_AT_ONCE_ROWS = env.int("EXPORT_AT_ONCE_ROWS", default=10_000)
EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
# Whoever has an order open and is silent this long no longer counts as working on it.
PRESENCE_IDLE_SECONDS = env.int("PRESENCE_IDLE_SECONDS", default=120)
# What a customer pays above this, in the shop's currency, is only reserved until somebody of the
# house has looked at the order.
ORDER_REVIEW_ABOVE = Decimal(env.str("ORDER_REVIEW_ABOVE", default="1000"))
# What the web shop takes for sending, and from which sum of goods on it sends for nothing.
SHIPPING_FEE = Decimal(env.str("SHIPPING_FEE", default="4.90"))
SHIPPING_FREE_FROM = Decimal(env.str("SHIPPING_FREE_FROM", default="100"))
# A cart that nobody touched for so long is thrown away.
CART_KEEP_DAYS = env.int("CART_KEEP_DAYS", default=30)
PAYMENT_GATEWAY = env.str("PAYMENT_GATEWAY", default="orders.integrations.sandbox.SandboxGateway")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
# What Stripe's own script in the customer's browser is called with; it is no secret.
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
# Empty: Stripe itself; a stand-in's address in tests.
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")
STRIPE_TIMEOUT_SECONDS = env.float("STRIPE_TIMEOUT_SECONDS", default=20.0)
# Events that we tell other systems: how long one may take to answer, and whether addresses of our
# own network may be told (tests, a neighbour behind the same wall).
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10.0)
WEBHOOKS_TO_PRIVATE_ADDRESSES = env.bool("WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=256 * 1024)
