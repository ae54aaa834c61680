"""The shop's list of products, one category of it, and one product."""

from __future__ import annotations

from typing import Any

from django.views.generic import DetailView, ListView

from catalog.models import Category, Product


class ProductList(ListView):
    template_name = "shop/product_list.html"
    paginate_by = 20
    queryset = Product.objects.published().filter(parent=None)


class CategoryList(ProductList):
    def get_queryset(self) -> Any:
        from django.shortcuts import get_object_or_404

        category = get_object_or_404(Category, slug=self.kwargs["slug"])
        return super().get_queryset().by_category(category)


class ProductPage(DetailView):
    template_name = "shop/product.html"
    queryset = Product.objects.published()
