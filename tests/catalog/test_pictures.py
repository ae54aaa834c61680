"""Pictures: typed by their content, named by us, gone with their row and not before."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from catalog.models import ProductImage
from catalog.refusals import UnknownProduct
from catalog.services import (
    NotAPicture,
    NotThesePictures,
    PictureTooLarge,
    add_picture,
    describe_picture,
    order_pictures,
    pictures,
    remove_picture,
)
from tests.catalog.factories import PictureFactory, ProductFactory, picture_bytes

pytestmark = pytest.mark.django_db


def add(product, by, content=None, name="photo.png", **options):
    upload = SimpleUploadedFile(name, picture_bytes() if content is None else content)
    return add_picture(product_id=product.pk, upload=upload, by=by, reason="range", **options)


@pytest.mark.row("G18")
@pytest.mark.parametrize(
    ("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")]
)
def test_add_picture_names_the_file_by_its_content(merchandiser, kind, ending):
    picture = add(
        ProductFactory(),
        merchandiser,
        picture_bytes(kind),
        name="../../evil.php",
        alt_text=" A mug ",
    )

    assert picture.file.name == f"products/{picture.uuid.hex}.{ending}"
    assert default_storage.exists(picture.file.name)
    assert picture.alt_text == "A mug"
    assert ProductImage.history.get().history_type == "+"


def test_add_picture_puts_it_at_the_end_of_the_gallery(merchandiser):
    mug = ProductFactory()

    assert [add(mug, merchandiser).position for _ in range(3)] == [0, 1, 2]


@pytest.mark.row("G18")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"sku,name\nMUG,Oak Mug\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        picture_bytes("PNG", (200, 200))[:-40],
        picture_bytes("JPEG", (200, 200))[:300],
        picture_bytes("BMP"),
        picture_bytes("TIFF"),
    ],
    ids=["empty", "csv", "svg", "header only", "cut png", "cut jpeg", "bmp", "tiff"],
)
def test_add_picture_refuses_what_is_no_picture_of_ours(merchandiser, content):
    with pytest.raises(NotAPicture, match="This file is no picture that a shop can show"):
        add(ProductFactory(), merchandiser, content, name="photo.png")

    assert ProductImage.objects.count() == 0


@pytest.mark.row("G18")
def test_add_picture_refuses_a_file_over_the_limit(merchandiser, settings):
    settings.PICTURE_MAX_BYTES = 100

    with pytest.raises(PictureTooLarge) as refusal:
        add(ProductFactory(), merchandiser, picture_bytes() + b"\x00" * 100)

    assert refusal.value.http_status == 413


def test_add_picture_refuses_a_bomb_of_pixels(merchandiser, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 99)
    with pytest.raises(PictureTooLarge, match="50 million pixels"):
        add(ProductFactory(), merchandiser, picture_bytes("PNG", (10, 10)))

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(NotAPicture):
        add(ProductFactory(), merchandiser, picture_bytes("PNG", (4, 4)))


def test_add_picture_leaves_no_file_when_the_row_is_refused(merchandiser, monkeypatch):
    before = (
        set(default_storage.listdir("products")[1]) if default_storage.exists("products") else set()
    )

    def refuse(self, *args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(ProductImage, "save", refuse)
    with pytest.raises(RuntimeError):
        add(ProductFactory(), merchandiser)

    assert set(default_storage.listdir("products")[1]) == before


def test_add_picture_refuses_an_unknown_product_a_long_text_and_other_roles(merchandiser, support):
    mug = ProductFactory()

    with pytest.raises(UnknownProduct):
        add_picture(product_id=404, upload=BytesIO(picture_bytes()), by=merchandiser, reason="")
    with pytest.raises(BadValue, match="at most 200"):
        add(mug, merchandiser, alt_text="x" * 201)
    with pytest.raises(NotAllowed, match="add pictures"):
        add(mug, support)


def test_remove_picture_deletes_the_file_after_the_commit(
    merchandiser, django_capture_on_commit_callbacks
):
    picture = add(ProductFactory(), merchandiser)

    with django_capture_on_commit_callbacks(execute=True):
        remove_picture(picture_id=picture.pk, by=merchandiser, reason="blurred")
        assert default_storage.exists(picture.file.name)

    assert not default_storage.exists(picture.file.name)
    assert ProductImage.history.latest("history_id").history_type == "-"


def test_a_rollback_keeps_row_and_file(merchandiser, django_capture_on_commit_callbacks):
    picture = add(ProductFactory(), merchandiser)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        remove_picture(picture_id=picture.pk, by=merchandiser, reason="blurred")
        transaction.set_rollback(True)

    assert ProductImage.objects.get() == picture
    assert default_storage.exists(picture.file.name)


@pytest.mark.row("G8")
def test_the_file_goes_also_where_no_service_asked(django_capture_on_commit_callbacks):
    picture = PictureFactory()

    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()

    assert not default_storage.exists(picture.file.name)


def test_order_pictures_lets_another_one_lead_with_a_history_row_for_each_that_moves(merchandiser):
    mug = ProductFactory()
    first, second, third = (add(mug, merchandiser) for _ in range(3))
    before = ProductImage.history.count()

    order_pictures(
        product_id=mug.pk, picture_ids=[second.pk, first.pk, third.pk], by=merchandiser, reason=""
    )

    assert list(mug.images.all()) == [second, first, third]
    assert ProductImage.history.count() == before + 2


def test_order_pictures_refuses_to_forget_one_or_to_take_another_products(merchandiser):
    mug = ProductFactory()
    one, two = add(mug, merchandiser), add(mug, merchandiser)
    foreign = PictureFactory()

    for ids in ([one.pk], [one.pk, two.pk, foreign.pk], [one.pk, one.pk]):
        with pytest.raises(NotThesePictures):
            order_pictures(product_id=mug.pk, picture_ids=ids, by=merchandiser, reason="")


def test_describe_picture_changes_the_text_and_refuses_other_roles(merchandiser, support):
    picture = add(ProductFactory(), merchandiser)

    described = describe_picture(
        picture_id=picture.pk, alt_text="A mug", by=merchandiser, reason=""
    )

    assert described.alt_text == "A mug"
    with pytest.raises(NotAllowed):
        describe_picture(picture_id=picture.pk, alt_text="x", by=support, reason="")
    with pytest.raises(UnknownRow):
        remove_picture(picture_id=404, by=merchandiser, reason="")
