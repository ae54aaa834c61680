"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from backoffice import health
from config.shop import home, order_process
from orders.webhooks import stripe_webhook

urlpatterns = [
    path("", home, name="home"),
    path("orders/<uuid:order>/", order_process, name="order_process"),
    path("", include("config.shop")),
    path("admin/", admin.site.urls),
    path("api/", include("backoffice.api.urls")),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("", include("backoffice.signin.urls")),
    path("webhooks/stripe/", stripe_webhook, name="stripe_webhook"),
]

if settings.SERVE_MEDIA:
    folder = {"document_root": settings.MEDIA_ROOT}
    urlpatterns.append(re_path(r"^media/(?P<path>.*)$", serve, folder))

if "debug_toolbar" in settings.INSTALLED_APPS:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
