"""The addresses of accounts and signing in."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from backoffice.api.accounts import views

router = SimpleRouter(use_regex_path=False)
router.register("auth/tokens", views.Tokens, basename="token")

urlpatterns = [
    path("auth/register/", views.Registration.as_view(), name="register"),
    path("auth/confirm/", views.Confirmation.as_view(), name="confirm"),
    path("auth/me/", views.Me.as_view(), name="me"),
    path("auth/session/", views.Session.as_view(), name="session"),
    path("auth/token/", views.TokenByPassword.as_view(), name="token_by_password"),
    path("auth/jwt/", views.Pairs.as_view(), name="pair"),
    path("auth/jwt/refresh/", views.PairRefresh.as_view(), name="pair_refresh"),
    path("auth/jwt/blacklist/", views.PairEnd.as_view(), name="pair_end"),
    *router.urls,
]
