"""A product's history tells of its tags and pictures too, and says who, when and why."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice import changes
from backoffice.adminkit import timeline
from catalog import services
from tests.catalog.admin.conftest import filled, page, saved
from tests.catalog.factories import picture_bytes

pytestmark = pytest.mark.django_db


def told(client, mug, **query) -> list[tuple[str, str]]:
    """Return title and reason of each line."""
    response = client.get(page("product_history", mug.pk), query)
    return [(str(entry.title), entry.why) for entry in response.context_data["entries"]]


def test_tags_that_came_and_went_stand_in_the_line_of_their_edit(clerk, mug):
    url = page("product_change", mug.pk)

    saved(clerk.post(url, filled(clerk, url) | {"tag_names": ["oak", "ash"], "reason": "Material"}))
    entry = clerk.get(page("product_history", mug.pk)).context_data["entries"][0]

    assert entry.why == "Material"
    assert [(c.label, c.old, c.new) for c in entry.changes] == [("Tags", "stoneware", "ash, oak")]


def test_pictures_have_lines_of_their_own(clerk, mug, merchandiser):
    with changes.change(separate=True, channel="admin"):
        picture = services.add_picture(
            product_id=mug.pk,
            upload=SimpleUploadedFile("x.png", picture_bytes()),
            by=merchandiser,
            reason="New photos",
            alt_text="front",
        )
    with changes.change(separate=True, channel="admin"):
        services.remove_picture(picture_id=picture.pk, by=merchandiser, reason="Blurred")

    assert told(clerk, mug) == [
        ("Picture removed", "Blurred"),
        ("Picture added", "New photos"),
        ("Create published", "setup"),
    ]


def test_a_picture_stands_on_the_page_of_its_time_only(clerk, mug, merchandiser, monkeypatch):
    monkeypatch.setattr(timeline, "PAGE_ROWS", 2)

    def rename(name: str) -> None:
        with changes.change(separate=True, channel="admin"):
            services.edit_product(
                product_id=mug.pk, changes={"name": name}, by=merchandiser, reason=name
            )

    rename("one")
    with changes.change(separate=True, channel="admin"):
        services.add_picture(
            product_id=mug.pk,
            upload=SimpleUploadedFile("x.png", picture_bytes()),
            by=merchandiser,
            reason="photo",
        )
    for name in ("two", "three"):
        rename(name)

    assert [why for _title, why in told(clerk, mug)] == ["three", "two"]
    assert [why for _title, why in told(clerk, mug, p=2)] == ["photo", "one", "setup"]
