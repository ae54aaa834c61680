"""Categories, tags, pictures, reviews and stock by REST."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Category, ProductImage, Review, StockMovement, Tag
from tests.catalog.factories import (
    CategoryFactory,
    LocationFactory,
    PictureFactory,
    ProductFactory,
    ReviewFactory,
    TagFactory,
    level_of,
    picture_bytes,
)

V1 = "/api/v1/"


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.mark.row("C5")
def test_categories_are_read_by_anyone_and_written_by_role(db, api_client, customer, merchandiser):
    url = f"{V1}categories/"
    client = api_client(merchandiser)

    made = client.post(url, {"name": "Mugs"})
    below = client.post(url, {"name": "Tea mugs", "parent": "mugs"})
    cycle = client.patch(
        f"{url}{made.json()['uuid']}/",
        {"parent": "tea-mugs"},
        headers={"If-Match": made["ETag"]},
    )
    in_use = client.delete(f"{url}{made.json()['uuid']}/", headers={"If-Match": made["ETag"]})
    gone = client.delete(f"{url}{below.json()['uuid']}/", headers={"If-Match": "*"})

    assert below.json()["parent"] == "mugs"
    assert (cycle.status_code, cycle.json()["code"]) == (409, "category_cycle")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "category_in_use")
    assert gone.status_code == 204
    assert api_client(customer).post(url, {"name": "Bowls"}).status_code == 403
    assert [row["slug"] for row in api_client().get(url).json()["results"]] == ["mugs"]
    assert Category.objects.count() == 1


def test_categories_are_narrowed_by_their_parent(db, api_client):
    top = CategoryFactory(slug="top", name="Top")
    CategoryFactory(slug="below", name="Below", parent=top)

    def slugs(**query):
        rows = api_client().get(f"{V1}categories/", query).json()["results"]
        return [row["slug"] for row in rows]

    assert slugs(parent="top") == ["below"]
    assert slugs(is_root="true") == ["top"]


def test_tags_are_made_renamed_and_removed(db, api_client, merchandiser, support):
    url = f"{V1}tags/"
    client = api_client(merchandiser)

    assert client.post(url, {"name": "Gift"}).json() == {"name": "Gift", "slug": "gift"}
    assert client.post(url, {"name": "GIFT"}).status_code == 409
    assert client.patch(f"{url}gift/", {"name": "Present"}).json()["slug"] == "gift"
    assert api_client(support).delete(f"{url}gift/").status_code == 403
    assert client.delete(f"{url}gift/").status_code == 204
    assert not Tag.objects.exists()


@pytest.mark.row("C5")
def test_pictures_are_uploaded_described_arranged_and_removed(db, api_client, merchandiser):
    mug = ProductFactory()
    url = f"{V1}products/{mug.uuid}/images/"
    client = api_client(merchandiser)

    def upload(content, name="../../evil.php"):
        file = SimpleUploadedFile(name, content, content_type="text/html")
        return client.post(url, {"file": file, "alt_text": "A mug"}, format="multipart")

    first, second = upload(picture_bytes()), upload(picture_bytes("JPEG"))
    pages = [upload(b"<html>"), upload(picture_bytes()[:40]), upload(b"")]
    order = [second.json()["uuid"], first.json()["uuid"]]
    arranged = client.put(f"{url}order/", {"uuids": order})
    described = client.patch(f"{url}{order[0]}/", {"alt_text": "Blue"})
    removed = client.delete(f"{url}{order[1]}/")

    assert first.status_code == second.status_code == 201
    assert "evil" not in first.json()["url"]
    assert first.json()["url"].endswith(".png")
    assert [page.status_code for page in pages] == [422, 422, 400]
    assert [row["uuid"] for row in arranged.json()] == order
    assert described.json()["alt_text"] == "Blue"
    assert removed.status_code == 204
    assert ProductImage.objects.count() == 1


def test_pictures_of_a_hidden_product_and_of_another_one_do_not_exist(
    db, api_client, customer, merchandiser
):
    hidden = ProductFactory(status="draft")
    picture = PictureFactory(product=hidden)
    other = ProductFactory()

    assert api_client(customer).get(f"{V1}products/{hidden.uuid}/images/").status_code == 404
    foreign = f"{V1}products/{other.uuid}/images/{picture.uuid}/"
    assert api_client(merchandiser).delete(foreign).status_code == 404
    assert ProductImage.objects.exists()


@pytest.mark.row("O6")
def test_a_review_is_its_author_s_until_the_house_approves_it(
    db, api_client, customer, merchandiser, support
):
    mug = ProductFactory()
    url = f"{V1}reviews/"
    sent = {"product": str(mug.uuid), "rating": 5, "title": "<b>Fine</b>"}

    made = api_client(customer).post(url, sent)
    assert made.status_code == 201
    one = f"{url}{made.json()['uuid']}/"
    assert made.json()["status"] == "pending"
    assert customer.email not in made.content.decode()
    assert api_client().get(one).status_code == 404
    assert api_client(customer).get(one).json()["is_mine"] is True
    assert api_client(customer).post(url, sent).status_code == 409
    assert api_client().post(url, sent).status_code == 401
    assert api_client(customer).post(f"{one}steps/approve/", {}).status_code == 403
    assert api_client(support).post(f"{one}steps/approve/", {}).status_code == 403
    silent = api_client(merchandiser).post(f"{one}steps/reject/", {})
    assert silent.json()["code"] == "reason_missing"
    approved = api_client(merchandiser).post(f"{one}steps/approve/", {})
    assert approved.json()["status"] == "approved"
    assert api_client().get(one).json()["is_mine"] is False


@pytest.mark.parametrize("rating", [0, 6, -1, "five", 4.5, None, True, 10**30])
def test_a_rating_that_is_none(api_client, customer, rating):
    sent = {"product": str(ProductFactory().uuid), "rating": rating}

    response = api_client(customer).post(f"{V1}reviews/", sent)

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["rating"]


def test_nobody_reviews_what_they_cannot_see_or_in_another_name(api_client, customer, support):
    hidden = ProductFactory(status="draft")

    unseen = api_client(customer).post(f"{V1}reviews/", {"product": str(hidden.uuid), "rating": 5})
    forged = api_client(customer).post(
        f"{V1}reviews/",
        {"product": str(ProductFactory().uuid), "rating": 5, "author": str(support.pk)},
    )

    assert list(unseen.json()["errors"]) == ["product"]
    assert list(forged.json()["errors"]) == ["author"]
    assert not Review.objects.exists()


def test_reviews_are_narrowed_by_product(db, api_client):
    mug = ReviewFactory(status="approved", title="Mug")
    ReviewFactory(status="approved", title="Bowl")

    rows = api_client().get(f"{V1}reviews/", {"product": str(mug.product.uuid)}).json()["results"]

    assert [row["title"] for row in rows] == ["Mug"]
    assert api_client().get(f"{V1}reviews/", {"product": "none"}).status_code == 400


def test_stock_is_seen_by_the_house_alone(db, api_client, customer, support, admin):
    mug = ProductFactory(stock=5)

    for what in ("levels", "movements", "locations"):
        assert api_client().get(f"{V1}stock/{what}/").status_code == 401
        assert api_client(customer).get(f"{V1}stock/{what}/").status_code == 403
        assert api_client(admin).get(f"{V1}stock/{what}/").status_code == 403
        assert api_client(support).get(f"{V1}stock/{what}/").status_code == 200
    level = api_client(support).get(f"{V1}stock/levels/", {"product": str(mug.uuid)}).json()
    assert level["results"][0]["available"] == 5


@pytest.mark.row("C5")
def test_an_adjustment_happens_once_for_each_key(db, api_client, fulfilment, key):
    mug = ProductFactory(stock=5)
    sent = {"product": str(mug.uuid), "difference": -2, "reason": "broken"}
    client = api_client(fulfilment)
    url = f"{V1}stock/adjustments/"

    without = client.post(url, sent)
    first = client.post(url, sent, headers=key)
    again = client.post(url, sent, headers=key)
    other = client.post(url, {**sent, "difference": -3}, headers=key)

    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_needed")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert level_of(mug)[0] == 3
    movement = StockMovement.objects.get(uuid=first.json()["movement"]["uuid"])
    assert movement.change_set.note == "broken"


def test_a_refused_adjustment_frees_its_key(db, api_client, fulfilment, key):
    mug = ProductFactory(stock=5)
    sent = {"product": str(mug.uuid), "difference": -9, "reason": "broken"}
    url = f"{V1}stock/adjustments/"

    refused = api_client(fulfilment).post(url, sent, headers=key)
    done = api_client(fulfilment).post(url, {**sent, "difference": -1}, headers=key)

    assert refused.json()["code"] == "stock_would_be_negative"
    assert done.status_code == 201
    same = api_client(fulfilment).post(
        url,
        {"product": str(mug.uuid), "counted": 4, "reason": "count"},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert same.json() == {"movement": None}


@pytest.mark.parametrize(
    "key", ["short", "x" * 65, "with space in it", "späte-nachricht", "12345678\x00"]
)
def test_a_key_that_is_none(db, api_client, fulfilment, key):
    sent = {"product": str(ProductFactory(stock=5).uuid), "difference": 1, "reason": "found"}

    response = api_client(fulfilment).post(
        f"{V1}stock/adjustments/", sent, headers={"Idempotency-Key": key}
    )

    assert response.status_code == 400


def test_a_delivery_goes_to_the_place_that_is_named(db, api_client, fulfilment, support, key):
    mug = ProductFactory()
    shed = LocationFactory(code="SHED")
    sent = {"product": str(mug.uuid), "location": "SHED", "units": 7, "reason": "lorry"}

    response = api_client(fulfilment).post(f"{V1}stock/deliveries/", sent, headers=key)

    assert response.status_code == 201, response.content
    assert level_of(mug, shed)[0] == 7
    refused = api_client(support).post(f"{V1}stock/deliveries/", sent, headers=key)
    assert refused.status_code == 403


def test_the_ledger_is_read_by_cursor_newest_first(db, api_client, auditor):
    for _ in range(3):
        ProductFactory(stock=1)
    client = api_client(auditor)

    first = client.get(f"{V1}stock/movements/", {"page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert len(first["results"]) == 2
    assert len(second["results"]) == 1
    assert first["results"][0]["at"] >= second["results"][0]["at"]


@pytest.mark.parametrize(
    "cursor", ["x", "cD1hYmM=", "cD0tMQ==", "bz0xJnA9OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "%00"]
)
def test_a_forged_cursor_leads_nowhere(db, api_client, auditor, cursor):
    response = api_client(auditor).get(f"{V1}stock/movements/", {"cursor": cursor})

    assert response.status_code == 404


def test_names_that_are_html_come_back_as_they_are(db, api_client):
    TagFactory(name="<img onerror=1>", slug="img")

    response = api_client().get(f"{V1}tags/img/")

    assert response["Content-Type"].startswith("application/json")
    assert response["X-Content-Type-Options"] == "nosniff"
