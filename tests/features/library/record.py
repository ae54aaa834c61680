"""What an auditor does with the record, in the words of the features."""

from __future__ import annotations

from playwright.sync_api import expect

from backoffice import seals
from backoffice.models import AuditEvent
from tests.backoffice.seals.conftest import unprotected
from tests.features.library.words import World, step


@step("the record was sealed")
def sealed(world: World) -> None:
    seals.seal_record()


@step("somebody changed a sealed row in the database")
def changed(world: World) -> None:
    row = AuditEvent.objects.earliest("pk")
    with unprotected() as sql:
        assert sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)
    world.known["row"] = row.pk


@step("I verify the record")
def verify(world: World) -> None:
    world.visit("/admin/")
    world.page.locator("a[href$='/record/']").first.click()
    world.page.get_by_role("button", name="Verify now").click()
    expect(world.page.get_by_role("button", name="Verify now")).to_be_visible()


@step("the record is whole")
def whole(world: World) -> None:
    expect(world.page.get_by_text("Whole", exact=True).first).to_be_visible()


@step("the record is broken and names the row")
def broken(world: World) -> None:
    words = f"row {world.known['row']} is not what was sealed"
    expect(world.page.get_by_text(words).first).to_be_visible()
