"""Everything below /accounts/, and the short ways that lead there."""

from __future__ import annotations

from django.urls import include, path, re_path

from backoffice.signin import views

urlpatterns = [
    path("accounts/profile/", views.ProfilePage.as_view(), name="account_profile"),
    path("accounts/sessions/<int:session>/end/", views.end_session, name="account_end_session"),
    # Google's one-tap form knows neither our state nor our token.
    path("accounts/google/login/token/", views.not_here),
    path("accounts/", include("allauth.urls")),
    re_path(r"^login/?$", views.to_sign_in, name="to_sign_in"),
]
