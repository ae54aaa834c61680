"""Sheets as people send them, before anything is done to them."""

from __future__ import annotations

from tests.backoffice.imports.workbooks import ods, text, xlsx
from tests.sheets import FIXTURES, csv_of, xlsx_of

LINES = 9

SHOPIFY = csv_of(
    ["Handle", "Title", "Body (HTML)", "Tags", "Published", "Option1 Name", "Option1 Value",
     "Variant SKU", "Variant Inventory Qty", "Variant Price", "Variant Compare At Price", "Image Src"],
    ["jar", "Jar", "<p>Clay</p>", "clay, home", "true", "Size", "S", "JAR-S", "4", "12.00", "", "a.png"],
    ["jar", "", "", "", "", "", "L", "", "2", "16.00", "19.00", ""],
    ["jar", "", "", "", "", "", "", "", "", "", "", "b.png"],
    ["lid", "Lid", "", "", "false", "Title", "Default Title", "LID", "", "3.50", "", ""],
)  # fmt: skip
WOOCOMMERCE = csv_of(
    ["ID", "Type", "SKU", "Name", "Published", "Regular price", "Sale price", "Categories", "Tags",
     "Parent", "Attribute 1 name", "Attribute 1 value(s)", "Stock", "In stock?"],
    ["7", "variable", "HOOD", "Hoodie", "1", "", "", "Clothing > Hoodies, New", "warm", "", "Size", "S, M", "", "1"],
    ["8", "variation", "HOOD-S", "Hoodie - S", "1", "45", "42", "", "", "HOOD", "Size", "S", "3", "1"],
    ["9", "variation", "", "Hoodie - M", "1", "45", "", "", "", "id:7", "Size", "M", "", "0"],
    ["10", "simple", "CAP", "Cap", "-1", "16", "", "Clothing", "", "", "", "", "9", "1"],
)  # fmt: skip
MAGENTO = csv_of(
    ["sku", "product_type", "name", "categories", "price", "special_price", "qty", "url_key",
     "product_online", "additional_attributes", "configurable_variations"],
    ["BAG-S", "simple", "Bag S", "Default Category/Gear/Bags", "45", "", "10", "bag-s", "1", "size=S", ""],
    ["BAG", "configurable", "Bag", "Default Category/Gear,Default Category/New", "45", "40", "0", "bag", "2", "", "sku=BAG-S,size=S"],
)  # fmt: skip
SPREE = csv_of(
    ["product_id", "sku", "name", "slug", "status", "price", "currency", "compare_at_price",
     "inventory_count", "option1_name", "option1_value", "category1", "tags"],
    ["1", "POT", "Pot", "pot", "active", "0", "USD", "0", "", "", "", "Kitchen -> Pots", "iron, black"],
    ["1", "POT-S", "", "pot", "", "20.5", "USD", "0", "3", "Size", "S", "", ""],
    ["1", "POT-S", "", "pot", "", "18.5", "EUR", "0", "3", "Size", "S", "", ""],
)  # fmt: skip
MEDUSA = csv_of(
    ["Product Id", "Product Handle", "Product Title", "Product Status", "Variant SKU", "Variant Title",
     "Variant Inventory Quantity", "Price USD", "Option 1 Name", "Option 1 Value"],
    ["p1", "mug", "Mug", "published", "MUG-S", "S", "5", "12.5", "Size", "S"],
    ["p1", "mug", "Mug", "published", "MUG-L", "L", "5", "14.5", "Size", "L"],
    delimiter=";",
)  # fmt: skip
SUPPLIER = (
    "Preisliste Frühjahr;;;\r\n\r\nArt.-Nr.;Bezeichnung;Preis;Bestand\r\n"
    "00123;Ölkännchen;1.229,50;12\r\n9007199254740993;Gießkanne;19,90;3\r\n;Summe;1.249,40;\r\n"
).encode("cp1252")
ORDERS = csv_of(
    ["number", "placed_at", "status", "email", "name", "street", "postal_code", "city", "country",
     "currency", "lines", "total", "paid"],
    ["A-1", "2025-01-15 17:41:00", "completed", "a@example.com", "A", "S 1", "1", "C", "DE", "EUR", "CUP x 2 @ 5.00", "10.00", "10.00"],
    ["A-2", "2025-02-30", "pending", "", "B", "S 2", "2", "D", "XX", "EUR", "CUP", "x", ""],
)  # fmt: skip


def head_of(name):
    lines = (FIXTURES / name).read_bytes().splitlines(keepends=True)
    return b"".join(lines[:LINES])


def texts():
    """Return kind of sheet and content of each text file."""
    return [
        ("products", head_of("catalogue.csv")),
        ("products", head_of("faulty_products.csv")),
        ("products", head_of("spring_prices.csv")),
        *(
            ("products", sheet)
            for sheet in (SHOPIFY, WOOCOMMERCE, MAGENTO, SPREE, MEDUSA, SUPPLIER)
        ),
        ("orders", ORDERS),
    ]


def workbooks():
    """Return workbooks as a program writes them, and such as are put together by hand."""
    cells = [
        ["sku", "name", "price", "stock", "is_featured", "status"],
        ["00123", "Ölkanne", 12.5, 3, True, "draft"],
        [123, "Gießkanne", "7,90", 2.0, "no", None],
        ["X-1", "=1+1", None, 1.5, 1, "sold"],
    ]
    rows = "".join(
        f'<row r="{number}">{text(f"A{number}", f"S{number}")}{text(f"B{number}", "Name")}'
        f'<c r="C{number}"><v>{number}.5</v></c></row>'
        for number in range(2, 6)
    )
    header = f'<row r="1">{text("A1", "sku")}{text("B1", "name")}{text("C1", "price")}</row>'
    row = "<table:table-row>{}</table:table-row>"
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = (
        '<table:table-cell office:value-type="float" office:value="7.5"'
        ' table:number-columns-repeated="1"><text:p>7.50</text:p></table:table-cell>'
    )
    goods = row.format("".join(map(cell.format, ["sku", "name", "price"]))) + "".join(
        row.format(cell.format(sku) + cell.format("Jar") + number) for sku in ("A", "B", "C")
    )
    return [
        xlsx_of(*cells),
        xlsx(header + rows, stored=True),
        xlsx(header + rows, more=[("Other", "visible", header), ("Hid", "hidden", rows)]),
        ods(goods),
    ]
