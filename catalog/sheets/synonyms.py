"""What suppliers and other shops call the columns of our product sheet, in English and German."""

from __future__ import annotations

from collections.abc import Mapping

# Written as they are read; case, marks and accents do not matter. A name says more than a part of
# one, so what is to beat “Preis” in “EK-Preis” stands here with it.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "sku": (
        "sku", "article number", "article no", "item number", "item no", "item code", "part number",
        "product code", "product number", "model number", "style number", "variant sku",
        "Artikelnummer", "Artikel-Nr", "Art-Nr", "Artnr", "Bestellnummer", "Bestell-Nr",
        "Produktnummer", "Artikelcode", "Lieferantenartikelnummer", "Sachnummer",
    ),
    "barcode": (
        "barcode", "ean", "ean13", "ean code", "gtin", "upc", "isbn", "Strichcode", "EAN-Nummer",
        "EAN/GTIN", "Barcode-Nummer",
    ),
    "name": (
        "name", "title", "product name", "product title", "item name", "article name",
        "Bezeichnung", "Artikelbezeichnung", "Produktbezeichnung", "Produktname", "Artikelname",
        "Titel", "Benennung", "Artikel", "Kurzbezeichnung",
    ),
    "slug": ("slug", "handle", "url key", "url handle", "permalink"),
    "description": (
        "description", "long description", "body html", "details", "Beschreibung", "Langtext",
        "Produktbeschreibung", "Artikelbeschreibung", "Artikeltext", "Detailbeschreibung",
    ),
    "category": (
        "category", "categories", "category path", "product category", "product group",
        "department", "Kategorie", "Kategorien", "Warengruppe", "Artikelgruppe", "Produktgruppe",
        "Sortiment", "Rubrik",
    ),
    "tags": ("tags", "keywords", "labels", "Schlagworte", "Schlagwörter", "Stichworte"),
    "status": ("status", "state", "product status", "Zustand", "Artikelstatus"),
    "price": (
        "price", "sale price", "selling price", "sales price", "retail price", "list price",
        "unit price", "rrp", "msrp", "variant price", "Preis", "VK", "VK-Preis", "Verkaufspreis",
        "Bruttopreis", "VK brutto", "Listenpreis", "Ladenpreis", "Endpreis", "UVP",
    ),
    "compare_at_price": (
        "compare at price", "original price", "old price", "previous price", "was price",
        "strike price", "Streichpreis", "Alter Preis", "Statt-Preis", "Originalpreis",
    ),
    "cost": (
        "cost", "cost price", "purchase price", "wholesale price", "buying price", "net cost",
        "EK", "EK-Preis", "Einkaufspreis", "EK netto", "Einstandspreis", "Nettopreis", "Kosten",
    ),
    "currency": ("currency", "currency code", "Währung", "Waehrung", "Währungscode"),
    "tax_class": ("tax class", "tax category", "vat class", "Steuerklasse", "MwSt-Klasse"),
    "weight_grams": (
        "weight grams", "weight g", "grams", "Gewicht g", "Gewicht in g", "Gewicht Gramm",
    ),
    "is_featured": ("featured", "is featured", "highlight", "Empfohlen", "Topartikel"),
    "low_stock_threshold": (
        "low stock threshold", "reorder level", "reorder point", "minimum stock", "min stock",
        "Mindestbestand", "Meldebestand", "Mindestmenge",
    ),
    "parent_sku": (
        "parent sku", "parent", "master sku", "variant of", "Vaterartikel", "Hauptartikel",
        "Elternartikel", "Variante von",
    ),
    "options": ("options", "variant options", "attributes", "Optionen", "Merkmale"),
    "stock": (
        "stock", "quantity", "qty", "on hand", "inventory", "stock quantity", "stock level",
        "in stock", "available", "Bestand", "Lagerbestand", "Menge", "Anzahl", "Stückzahl",
        "Lagermenge", "Verfügbar", "Verfügbarer Bestand",
    ),
    "meta_title": ("meta title", "seo title", "page title", "SEO-Titel", "Seitentitel"),
    "meta_description": ("meta description", "seo description", "SEO-Beschreibung"),
}  # fmt: skip
