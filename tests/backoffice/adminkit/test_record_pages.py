"""Change sets and events: everything one click did, for those who may see it, to be read only."""

from __future__ import annotations

import pytest

from backoffice import changes
from backoffice.models import AuditEvent, ChangeSet
from catalog import services
from tests.backoffice.adminkit.desk import make_product

SETS = "/admin/backoffice/changeset/"
EVENTS = "/admin/backoffice/auditevent/"


@pytest.fixture
def click(merchandiser):
    """A change set that made a product, received stock for it, and left an event."""
    with changes.change(
        separate=True, by=merchandiser, channel="admin", caller=changes.Caller(ip="10.1.2.3")
    ) as change:
        product = make_product(merchandiser, "LAMP")
        services.receive_stock(product_id=product.pk, units=5, by=merchandiser, reason="Delivery")
        AuditEvent.record("export", subject=product, rows=1)
    return change.row()


def test_a_change_set_shows_everything_one_click_did(onlooker, click):
    page = onlooker.get(f"{SETS}{click.pk}/change/")

    titles = [section.title for section in page.context["sections"]]
    text = page.content.decode()
    assert page.status_code == 200
    assert "Products" in titles
    assert any("ovement" in title for title in titles)
    assert "Product Lamp" in text
    assert "10.1.2.3" in text
    assert "Export" in text
    assert "Merchandiser" in text


def test_a_change_sets_lines_say_old_and_new(onlooker, merchandiser, manager):
    product = make_product(merchandiser, "LAMP")
    with changes.change(separate=True, by=manager, channel="admin") as change:
        services.edit_product(
            product_id=product.pk, changes={"name": "Lantern"}, by=manager, reason="Renamed"
        )

    page = onlooker.get(f"{SETS}{change.row().pk}/change/")

    [entry] = page.context["sections"][0].entries
    assert ("Name", "Lamp", "Lantern") in [(c.label, c.old, c.new) for c in entry.changes]


@pytest.mark.parametrize("who", ["onlooker", "root"])
def test_the_record_can_be_written_by_nobody(who, click, request):
    client = request.getfixturevalue(who)
    event = AuditEvent.objects.first()
    before = (ChangeSet.objects.count(), AuditEvent.objects.count())

    for address in (f"{SETS}{click.pk}/change/", f"{EVENTS}{event.pk}/change/"):
        assert client.get(address).status_code == 200
        assert client.post(address, {"note": "Never happened"}).status_code in {403, 405}
    for address in (f"{SETS}add/", f"{EVENTS}add/"):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
    for address in (f"{SETS}{click.pk}/delete/", f"{EVENTS}{event.pk}/delete/"):
        assert client.post(address, {"post": "yes"}).status_code == 403

    assert (ChangeSet.objects.count(), AuditEvent.objects.count()) == before
    click.refresh_from_db()
    assert click.note != "Never happened"


def test_who_may_not_see_the_record_gets_403(clerk, click):
    assert clerk.get(SETS).status_code == 403
    assert clerk.get(f"{SETS}{click.pk}/change/").status_code == 403
    assert clerk.get(EVENTS).status_code == 403


def test_lists_of_the_record_can_be_searched_and_filtered(onlooker, click):
    assert onlooker.get(f"{SETS}?q=merchandiser").status_code == 200
    assert (
        onlooker.get(f"{SETS}?channel=admin&at_after=2020-01-01&queue=imports").status_code == 200
    )
    assert onlooker.get(f"{EVENTS}?q=export&kind=export&queue=rights").status_code == 200
    assert onlooker.get(f"{EVENTS}?queue=sign_ins").status_code == 200


def test_a_change_set_that_is_not_there_is_404(onlooker):
    assert onlooker.get(f"{SETS}424242/change/").status_code == 404
