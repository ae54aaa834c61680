"""What search engines read: which pages there are, and which they need not open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap, views
from django.contrib.sites.shortcuts import get_current_site
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Category, Product

# The protocol takes 50,000 addresses a file; categories stand in the same one.
MOST_IN_ONE_FILE = 40_000
CLOSED = ("/admin/", "/accounts/", "/api/", "/cart/", "/checkout/", "/orders/", "/staff/")


class OurSitemap(Sitemap):
    """A part of the sitemap, on the host that the site is known by."""

    def __init__(self, host: str) -> None:
        self.host = host

    def get_domain(self, site: Any = None) -> str:
        return self.host


class Products(OurSitemap):
    changefreq = "weekly"
    limit = MOST_IN_ONE_FILE

    def items(self) -> QuerySet[Product]:
        return Product.objects.published().listed().order_by("pk").only("slug", "updated_at")

    def lastmod(self, product: Product) -> datetime:
        return product.updated_at


class Categories(OurSitemap):
    changefreq = "daily"

    def items(self) -> QuerySet[Category]:
        shown = Q(products__status="published", products__parent=None)
        return Category.objects.filter(shown).distinct().order_by("pk")


class Front(OurSitemap):
    changefreq = "daily"
    priority = 1.0

    def items(self) -> list[str]:
        return ["home"]

    def location(self, name: str) -> str:
        return reverse(name)


PARTS: dict[str, type[OurSitemap]] = {
    "front": Front,
    "categories": Categories,
    "products": Products,
}


def sitemaps(request: HttpRequest) -> dict[str, OurSitemap]:
    """The site's own name, where somebody gave it one; else the host that was asked for."""
    named = get_current_site(request).domain
    host = request.get_host() if named in {"", "example.com"} else named
    return {name: part(host) for name, part in PARTS.items()}


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """All pages in one file, as long as one file holds them; else, which files there are."""
    if Product.objects.published().listed().count() < MOST_IN_ONE_FILE:
        return views.sitemap(request, sitemaps(request))
    files = []
    for section, part in sitemaps(request).items():
        address = f"{request.scheme}://{part.host}{reverse('shop:sitemap_part', args=[section])}"
        files.append(views.SitemapIndexItem(address))
        more = range(2, part.paginator.num_pages + 1)
        files += [views.SitemapIndexItem(f"{address}?p={number}") for number in more]
    return render(request, "sitemap_index.xml", {"sitemaps": files}, content_type="application/xml")


@require_safe
def sitemap_part(request: HttpRequest, section: str) -> HttpResponse:
    return views.sitemap(request, sitemaps(request), section=section)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("shop:sitemap"))
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED), f"Sitemap: {where}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
