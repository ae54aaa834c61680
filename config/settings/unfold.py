"""The console's face: name, colours, navigation; what the apps contribute comes from cards.py."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "Harbour & Pine",
    "SITE_HEADER": "Harbour & Pine",
    "SITE_SUBHEADER": _("Operations console"),
    "SITE_SYMBOL": "sailing",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("backoffice/favicon.svg"),
        },
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "backoffice.adminkit.site.environment_label",
    "ENVIRONMENT_TITLE_PREFIX": "backoffice.adminkit.site.environment_prefix",
    "ACCOUNT": {
        "navigation": [
            {"title": _("My settings"), "link": reverse_lazy("admin:my_settings")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ],
    },
    "DASHBOARD_CALLBACK": "backoffice.adminkit.dashboard.dashboard",
    "STYLES": [lambda request: static("backoffice/console.css")],
    "SCRIPTS": [
        lambda request: static("backoffice/console.js"),
        lambda request: static("backoffice/units.js"),
        lambda request: static("orders/refund.js"),
    ],
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "backoffice.adminkit.site.navigation",
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .013 236.62)",
            "100": "oklch(95.1% .026 236.824)",
            "200": "oklch(90.1% .058 230.902)",
            "300": "oklch(82.8% .111 230.318)",
            "400": "oklch(74.6% .16 232.661)",
            "500": "oklch(60% .14 240)",
            "600": "oklch(52% .125 242.749)",
            "700": "oklch(46% .11 242.749)",
            "800": "oklch(40% .09 240.79)",
            "900": "oklch(34% .075 240.876)",
            "950": "oklch(26% .06 243.157)",
        },
    },
}
