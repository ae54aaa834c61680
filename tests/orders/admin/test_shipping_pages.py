"""The console's pages of shipping: dialog, parcels panel, list of parcels, papers."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from backoffice.models import AuditEvent
from catalog import services as catalog
from orders import services
from orders.admin.papers import answer_pdf
from orders.models import Order, Shipment
from orders.papers import Printed
from orders.parcel_cards import find_parcels
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh

pytestmark = pytest.mark.django_db

ORDERS, PARCELS = "/admin/orders/order/", "/admin/orders/shipment/"
UPS = "1Z999AA10123456784"


@pytest.fixture
def order() -> Order:
    goods = [(ProductFactory(name="Mug", stock=9), 4), (ProductFactory(name="Pot", stock=9), 2)]
    return OrderFactory(status="processing", lines=goods)


def packed(order: Order) -> Shipment:
    with click(boss()):
        (parcel,) = services.pack_order(order_id=order.pk, by=boss(), reason="")
    return parcel


def answers(client, path: str, **given: str) -> dict[str, str]:
    """Return a dialog's own hidden fields with answers beside them."""
    form = client.get(path).context["form"]
    hidden = {name: form[name].value() for name in ("idempotency_key", "next_page")}
    return {**hidden, "row_version": form["row_version"].value(), **given}


def test_the_ship_dialog_has_the_number_first_and_every_line_preset(order, fulfilment, sign_in):
    mug, pot = order.lines.all()

    response = sign_in(fulfilment).get(f"{ORDERS}{order.pk}/acts/ship/")

    page = response.content.decode()
    assert page.index('name="tracking"') < page.index('name="carrier"') < page.index("lines-")
    assert "autofocus" in response.context["form"].fields["tracking"].widget.attrs
    assert f'name="lines-{mug.pk}"' in page
    assert f'name="lines-{pot.pk}"' in page
    assert 'name="location_id"' not in page  # there is but one place


def test_the_dialog_ships_what_it_names(order, fulfilment, sign_in):
    client, mug = sign_in(fulfilment), order.lines.first()
    path = f"{ORDERS}{order.pk}/acts/ship/"

    given = answers(client, path, tracking=UPS, carrier="", notify="on", reason="")
    response = client.post(path, {**given, f"lines-{mug.pk}": "3"})

    assert response.status_code == 302
    parcel = Shipment.objects.get()
    assert (parcel.carrier, parcel.lines.get().quantity) == ("UPS", 3)
    assert fresh(order).facts.shipped_units == 3


def test_the_dialog_sent_twice_ships_once(order, fulfilment, sign_in):
    client, mug = sign_in(fulfilment), order.lines.first()
    path = f"{ORDERS}{order.pk}/acts/ship/"
    given = {**answers(client, path, tracking=UPS, carrier="", reason=""), f"lines-{mug.pk}": "1"}

    first, second = client.post(path, given), client.post(path, given)

    assert (first.status_code, second.status_code) == (302, 302)
    assert Shipment.objects.count() == 1


def test_no_units_or_too_many_are_refused_in_the_dialog(order, fulfilment, sign_in):
    client, mug = sign_in(fulfilment), order.lines.first()
    path = f"{ORDERS}{order.pk}/acts/ship/"

    none = client.post(path, {**answers(client, path), f"lines-{mug.pk}": "0"})
    many = client.post(path, {**answers(client, path), f"lines-{mug.pk}": "5"})
    long = client.post(path, {**answers(client, path, tracking="1" * 81), f"lines-{mug.pk}": "1"})

    assert [response.status_code for response in (none, many, long)] == [422] * 3
    assert "No units are chosen." in none.content.decode()
    assert "more than" in many.content.decode()
    assert "at most 80 characters" in long.content.decode()
    assert not Shipment.objects.exists()


def test_with_two_places_the_dialog_asks_where_it_leaves_from(order, fulfilment, sign_in):
    annex = catalog.create_location(name="Annex", code="ANNEX", by=boss(), reason="", priority=5)
    client, path = sign_in(fulfilment), f"{ORDERS}{order.pk}/acts/ship/"
    mug = order.lines.first()

    given = answers(client, path, location_id=str(annex.pk))
    response = client.post(path, {**given, f"lines-{mug.pk}": "1"})

    assert response.status_code == 409
    assert "1 wanted, 0 available" in response.content.decode()


def test_the_list_offers_ship_on_each_row_that_can(order, fulfilment, sign_in):
    packed(OrderFactory(status="processing"))

    page = sign_in(fulfilment).get(f"{ORDERS}?queue=to_ship").content.decode()

    rows = page.partition('id="result_list"')[2]
    assert rows.count('class="bo-btn bo-btn-row"') == 1
    assert f"{ORDERS}{order.pk}/acts/ship/" in page


def test_the_workspace_shows_parcels_with_their_buttons(order, fulfilment, sign_in):
    mug = order.lines.first()
    with click(boss()):
        services.ship_order(
            order_id=order.pk, lines={mug.pk: 1}, tracking=UPS, by=boss(), reason=""
        )
    parcel = packed(order)

    page = sign_in(fulfilment).get(f"{ORDERS}{order.pk}/change/").content.decode()

    assert f"tracknum={UPS}" in page
    assert f"{PARCELS}{parcel.pk}/acts/send/" in page
    assert f"{PARCELS}{parcel.pk}/acts/unpack/" in page
    assert f"{PARCELS}{parcel.pk}/slip/" in page
    assert "3 packed" in page
    assert f"{ORDERS}{order.pk}/papers/packing_slip/" in page
    assert f"{ORDERS}{order.pk}/papers/invoice/" not in page


def test_whoever_may_not_ship_sees_parcels_without_buttons(order, support, sign_in):
    parcel = packed(order)

    page = sign_in(support).get(f"{ORDERS}{order.pk}/change/").content.decode()

    assert 'id="parcels"' in page
    assert f"{PARCELS}{parcel.pk}/acts/" not in page
    assert f"{ORDERS}{order.pk}/papers/invoice/" in page


def test_the_timeline_tells_of_packing_unpacking_and_sending(order, fulfilment, sign_in):
    first = packed(order)
    with click(boss()):
        services.unpack_shipment(shipment_id=first.pk, by=boss(), reason="box is torn")
    second = packed(order)
    with click(boss()):
        services.send_shipment(
            shipment_id=second.pk, tracking=UPS, notify=False, by=boss(), reason=""
        )
    with click(boss()):
        services.correct_shipment(
            shipment_id=second.pk, tracking="RR123456785GB", by=boss(), reason="typo"
        )

    page = sign_in(fulfilment).get(f"{ORDERS}{order.pk}/change/").content.decode()

    timeline = page[page.index('id="timeline"') :]
    told = [
        "Tracking number corrected · 6 units",
        f"Parcel sent · 6 units · UPS · {UPS}",
        "Unpacked · 6 units",
        "box is torn",
    ]
    places = [timeline.find(words) for words in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    assert timeline.count("Packed · 6 units") == 2


@pytest.mark.parametrize(
    "words", ["1z999aa1 0123 456784", UPS[-8:], "{number}", "{digits}"], ids=str
)
def test_a_parcel_is_found_by_its_number_and_by_its_order(words, order, fulfilment, sign_in):
    with click(boss()):
        services.ship_order(order_id=order.pk, tracking=UPS, by=boss(), reason="")
    OrderFactory(status="completed")
    digits = "".join(sign for sign in order.number if sign.isdigit())

    page = sign_in(fulfilment).get(PARCELS, {"q": words.format(number=order, digits=digits)})

    assert [parcel.order for parcel in page.context["cl"].result_list] == [order]


def test_the_queues_sort_parcels_by_where_they_are(order, fulfilment, sign_in):
    waiting = packed(order)
    OrderFactory(status="completed")
    client = sign_in(fulfilment)

    def shown(queue: str) -> list[Shipment]:
        return list(client.get(PARCELS, {"queue": queue}).context["cl"].result_list)

    assert shown("packed") == [waiting]
    assert [parcel.status for parcel in shown("left_today")] == ["left"]
    assert shown("unpacked") == []


def test_a_parcel_is_sent_from_the_list(order, fulfilment, sign_in):
    parcel, client = packed(order), sign_in(fulfilment)
    path = f"{PARCELS}{parcel.pk}/acts/send/"

    response = client.post(path, answers(client, path, tracking=UPS, reason=""))

    assert response.status_code == 302
    parcel.refresh_from_db()
    assert (parcel.status, parcel.carrier) == ("left", "UPS")


@pytest.mark.parametrize(
    ("number", "carrier"), [(UPS, "UPS"), ("nothing", ""), ("", ""), ("9" * 5_000, "")]
)
def test_the_dialog_s_script_is_told_the_carrier(number, carrier, fulfilment, sign_in):
    answer = sign_in(fulfilment).get(f"{PARCELS}carrier/", {"number": number})

    assert answer.json() == {"carrier": carrier}


# --- Papers ---------------------------------------------------------------------------------------


def text_of(response) -> str:
    reader = PdfReader(io.BytesIO(response.content))
    return "\n".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("a/../b", '"invoice-a-..-b.pdf"'),
        ('x"; filename=y', r'"invoice-x\"; filename=y.pdf"'),
        ("№ 7", "utf-8''invoice-%E2%84%96%207.pdf"),
    ],
)
def test_the_number_of_another_shop_is_no_more_than_a_file_s_name(number, name):
    printed = Printed(b"%PDF-", f"invoice-{number}.pdf", 1)

    assert answer_pdf(printed)["Content-Disposition"].partition("=")[2] == name


def test_a_paper_opens_under_its_name_and_is_kept_by_nobody(order, finance, sign_in):
    response = sign_in(finance).get(f"{ORDERS}{order.pk}/papers/invoice/")

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="invoice-{order}.pdf"'
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    assert "Total" in text_of(response)
    assert AuditEvent.objects.filter(kind="paper").count() == 1


@pytest.mark.parametrize(
    ("role", "paper", "status"),
    [
        ("fulfilment", "packing_slip", 200),
        ("fulfilment", "invoice", 403),
        ("merchandiser", "packing_slip", 403),
        ("auditor", "invoice", 403),
        ("manager", "invoice", 200),
        ("admin", "packing_slip", 403),
        ("manager", "love_letter", 404),
    ],
)
def test_a_paper_is_for_roles_that_read_what_it_says(
    role, paper, status, order, make_user, sign_in
):
    client = sign_in(make_user(role))

    assert client.get(f"{ORDERS}{order.pk}/papers/{paper}/").status_code == status


def test_papers_are_fetched_and_never_posted(order, manager, sign_in):
    client = sign_in(manager)

    for path in (f"{ORDERS}{order.pk}/papers/invoice/", f"{PARCELS}1/slip/", f"{PARCELS}carrier/"):
        assert client.post(path).status_code == 405
    for path in (f"{ORDERS}0/papers/invoice/", f"{ORDERS}x/papers/invoice/", f"{PARCELS}0/slip/"):
        assert client.get(path).status_code == 404


def test_a_paper_that_an_order_cannot_have_is_refused_in_words(manager, sign_in):
    draft = OrderFactory(status="draft")

    page = sign_in(manager).get(f"{ORDERS}{draft.pk}/papers/invoice/", follow=True)

    assert "never placed" in page.content.decode()


def test_a_selection_is_printed_as_one_file(order, fulfilment, sign_in):
    other = OrderFactory(status="processing")

    response = sign_in(fulfilment).post(
        ORDERS, {"action": "print_packing_slip", "_selected_action": [order.pk, other.pk]}
    )

    text = text_of(response)
    assert f"Packing slip {order}" in text
    assert f"Packing slip {other}" in text


def test_all_that_match_are_printed_up_to_a_limit(order, fulfilment, sign_in, monkeypatch):
    OrderFactory(status="processing")
    client = sign_in(fulfilment)
    everything = {
        "action": "print_packing_slip",
        "_selected_action": [order.pk],
        "select_across": "1",
    }

    assert len(PdfReader(io.BytesIO(client.post(ORDERS, everything).content)).pages) == 2
    monkeypatch.setattr("orders.papers.printing.MOST_ORDERS", 1)
    monkeypatch.setattr("orders.admin.papers.MOST_ORDERS", 1)
    page = client.post(ORDERS, everything, follow=True).content.decode()

    assert "at most 1 can be done at once" in page


def test_a_role_prints_no_selection_that_it_may_not_read(order, merchandiser, sign_in):
    response = sign_in(merchandiser).post(
        ORDERS, {"action": "print_invoice", "_selected_action": [order.pk]}, follow=True
    )

    assert response["Content-Type"].startswith("text/html")
    assert not AuditEvent.objects.filter(kind="paper").exists()


# --- Home and palette -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_found"), [(UPS, True), (" 1z 999aa1-0123456784 ", True), ("1Z999", False)]
)
def test_the_palette_finds_a_parcel_by_its_whole_number(text, is_found, order, fulfilment):
    with click(boss()):
        services.ship_order(order_id=order.pk, tracking=UPS, by=boss(), reason="")

    hits = list(find_parcels(fulfilment, text, 5))

    assert [hit.url for hit in hits] == [f"{ORDERS}{order.pk}/change/"] * is_found
    assert all(str(order) in hit.description for hit in hits)
