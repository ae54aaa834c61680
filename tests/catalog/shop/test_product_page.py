"""One product's page: what it shows, to whom, and what it counts without writing."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import jobs
from backoffice.models import Job
from catalog.models import ProductStats, Review
from catalog.services import views
from catalog.signals import product_viewed
from tests.catalog.factories import (
    CategoryFactory,
    PersonFactory,
    PictureFactory,
    PriceChangeFactory,
    ProductFactory,
    ReviewFactory,
    TagFactory,
)
from tests.kept import forget

pytestmark = [pytest.mark.django_db, pytest.mark.row("C3")]

MUG = "/products/mug/"


@pytest.fixture
def mug():
    return ProductFactory(
        name="Mug", slug="mug", price=20, category=CategoryFactory(name="Kitchen")
    )


def html_of(client, path=MUG):
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_a_published_product_has_a_page(client, mug, sign_in, manager, status):
    ProductFactory(slug="hidden", status=status)
    parent = ProductFactory(status=status)
    ProductFactory(slug="of-hidden", parent=parent)

    for path in ("/products/hidden/", "/products/of-hidden/", "/products/nowhere/"):
        assert client.get(path).status_code == 404
        assert sign_in(manager).get(path).status_code == 404
    assert client.get(MUG).status_code == 200


@pytest.mark.row("C9")
def test_the_price_is_the_one_answer(client, mug):
    PriceChangeFactory(product=mug, price=Decimal(15))

    html = html_of(client)

    assert "€15.00" in html
    assert '<s class="soft number">€20.00</s>' in html


@pytest.mark.row("C9")
def test_a_price_begins_by_the_clock_though_the_page_is_kept(client, mug, monkeypatch):
    starts = timezone.now() + timedelta(minutes=20)
    PriceChangeFactory(product=mug, price=Decimal(15), starts_at=starts, ends_at=None)
    kept = []
    monkeypatch.setattr(
        "backoffice.kept_pages.cache.set", lambda key, page, seconds: kept.append(seconds)
    )

    assert "€15.00" not in html_of(client)
    assert kept[-1] <= 20 * 60


def test_a_parent_is_sold_through_its_variants(client, mug):
    red = ProductFactory(slug="mug-red", parent=mug, options={"Colour": "Red"}, price=22, stock=1)
    ProductFactory(parent=mug, options={"Colour": "Blue"}, price=21)
    ProductFactory(parent=mug, options={"Colour": "Lost"}, status="archived")

    page = client.get(MUG)
    html = page.content.decode()

    assert page.context["chosen"].product == red  # the first that there is
    assert "Red" in html
    assert "Blue" in html
    assert "Lost" not in html
    assert f'value="{red.uuid}" checked' in html
    assert client.get("/products/mug-red/").context["chosen"].product == red


def test_gallery_and_related(client, mug):
    PictureFactory(product=mug, position=1, alt_text="From behind")
    PictureFactory(product=mug, position=0, alt_text="From the front")
    tag = TagFactory()
    same = [ProductFactory(category=mug.category) for _ in range(3)]
    tagged = ProductFactory(category=CategoryFactory())
    for row in (mug, tagged):
        row.tag_links.model(product=row, tag=tag).save()
    ProductFactory(category=CategoryFactory())
    ProductFactory(category=mug.category, status="draft")

    page = client.get(MUG)

    assert [p.alt for p in page.context["pictures"]] == ["From the front", "From behind"]
    assert {tile.product for tile in page.context["related"]} == {*same, tagged}


def test_reviews_are_those_that_were_read(client, mug):
    ReviewFactory(product=mug, rating=5, title="Holds tea", status="approved",
                  author=PersonFactory(first_name="Ada", last_name="Lindqvist"))  # fmt: skip
    ReviewFactory(product=mug, rating=2, title="Holds nothing", status="approved",
                  author=PersonFactory(email="secret@example.com"))  # fmt: skip
    ReviewFactory(product=mug, rating=1, title="Unread")

    page = client.get(MUG)
    html = page.content.decode()

    assert page.context["average"] == 3.5
    assert "Holds tea" in html
    assert "Unread" not in html
    assert "Ada" in html
    assert "Lindqvist" not in html
    assert "secret" not in html


def test_ten_reviews_at_once_and_the_rest_on_demand(client, mug):
    for _ in range(12):
        ReviewFactory(product=mug, status="approved")

    assert html_of(client).count('class="review"') == 10
    assert html_of(client, MUG + "reviews/?page=2").count('class="review"') == 2
    for rubbish in ("%00", "-1", "9" * 300, "x"):
        assert client.get(f"{MUG}reviews/?page={rubbish}").status_code == 200


def test_a_customer_writes_one_review_that_waits(client, mug):
    person = PersonFactory()
    client.force_login(person)
    said = {"rating": "4", "title": "Good", "body": "Warm hands."}

    answer = client.post(MUG + "review/", said)

    assert answer.url == MUG
    assert "once we have read it" in html_of(client)
    again = client.post(MUG + "review/", said)
    assert again.status_code == 409
    review = Review.objects.get()
    assert (review.author, review.rating, review.status) == (person, 4, "pending")
    assert Review.history.get().change_set.channel == "shop"


@pytest.mark.parametrize(
    "bad",
    [{"rating": ""}, {"rating": "6"}, {"rating": "x"}, {"title": "a" * 121}, {"body": "a\x00"}],
)
def test_a_bad_review_is_refused_with_a_sentence(client, mug, bad):
    client.force_login(PersonFactory())

    answer = client.post(MUG + "review/", {"rating": "4"} | bad, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Review.objects.exists()


def test_protected_fields_of_a_review_are_nobodys(client, mug):
    client.force_login(PersonFactory())
    other = PersonFactory()

    client.post(MUG + "review/", {"rating": "4", "status": "approved", "author": str(other.pk)})

    assert (Review.objects.get().status, Review.objects.get().author == other) == ("pending", False)


@pytest.mark.row("I3")
def test_a_stranger_signs_in_first(client, mug):
    answer = client.post(MUG + "review/", {"rating": "4"})

    assert answer.status_code == 302
    assert "login" in answer.url


def test_html_in_every_text_is_inert(client):
    bad = '"><script>alert(1)</script>'
    mug = ProductFactory(
        slug="mug", name=bad, description=bad, meta_title=bad[:70], meta_description=bad,
        category=CategoryFactory(name=bad), sku=bad,
    )  # fmt: skip
    ProductFactory(parent=mug, options={bad: bad}, name=bad)
    PictureFactory(product=mug, alt_text=bad)
    ReviewFactory(product=mug, title=bad, body=bad, status="approved",
                  author=PersonFactory(first_name=bad))  # fmt: skip

    assert "<script>alert" not in html_of(client)


def test_the_page_asks_no_more_for_more(client, mug):
    def asked():
        forget()
        with CaptureQueriesContext(connection) as seen:
            assert client.get(MUG).status_code == 200
        return len(seen)

    def more(count):
        for _ in range(count):
            PictureFactory(product=mug)
            ReviewFactory(product=mug, status="approved")
            ProductFactory(category=mug.category)
            PriceChangeFactory(product=ProductFactory(parent=mug, stock=1))

    more(4)
    few = asked()
    more(5)

    assert asked() == few


# --- Views ----------------------------------------------------------------------------------------


def test_a_view_writes_nothing_and_a_job_counts_it(client, mug):
    views._buffer.take()
    heard = []
    product_viewed.connect(
        lambda product_id, **_: heard.append(product_id), weak=False, dispatch_uid="t"
    )
    try:
        with CaptureQueriesContext(connection) as seen:
            for _ in range(3):
                html_of(client)  # the first is made, the others are kept
            client.head(MUG)
    finally:
        product_viewed.disconnect(dispatch_uid="t")

    assert heard == [mug.pk] * 3
    assert not [q for q in seen if re.match("INSERT|UPDATE|DELETE", q["sql"])]
    assert not ProductStats.objects.exists()

    job = views.flush_views()
    jobs.execute(job.pk)
    jobs.execute(job.pk)  # a second delivery adds nothing
    stats = ProductStats.objects.get()
    assert (stats.product, stats.views) == (mug, 3)
    assert views.flush_views() is None


def test_a_job_that_is_run_again_counts_once(mug):
    views.note_view(product_id=mug.pk)
    views.note_view(product_id=10**12)  # gone meanwhile
    job = views.flush_views()
    jobs.execute(job.pk)
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE

    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, finished_at=None)
    jobs.execute(job.pk)

    assert ProductStats.objects.get().views == 1


def test_what_cannot_be_handed_over_waits(mug, monkeypatch):
    def broken(*_args, **_more):
        raise RuntimeError("no database")

    views.note_view(product_id=mug.pk)
    monkeypatch.setattr("catalog.services.views.jobs.start_unasked", broken)
    with pytest.raises(RuntimeError):
        views.flush_views()
    monkeypatch.undo()

    assert views._buffer.take() == {mug.pk: 1}
