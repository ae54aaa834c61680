"""Places for stock."""

import pytest

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from catalog.models import StockLocation
from catalog.services import DuplicateLocation, create_location, default_location, edit_location
from tests.catalog.factories import LocationFactory

pytestmark = pytest.mark.django_db


def test_default_location_is_the_main_warehouse_made_once():
    assert default_location() == default_location()
    assert StockLocation.objects.get().code == "MAIN"
    assert StockLocation.history.count() == 1


def test_create_location_opens_a_place_with_one_history_row(merchandiser):
    shed = create_location(name=" Shed ", code="SHED", by=merchandiser, reason="rented")

    assert (shed.name, shed.is_active, shed.priority) == ("Shed", True, 10)
    assert StockLocation.history.count() == 1


def test_a_code_belongs_to_one_location(merchandiser):
    LocationFactory(code="SHED")
    barn = LocationFactory(code="BARN")

    with pytest.raises(DuplicateLocation, match="Another location has the code SHED"):
        create_location(name="Shed", code="SHED", by=merchandiser, reason="")
    with pytest.raises(DuplicateLocation):
        edit_location(location_id=barn.pk, changes={"code": "SHED"}, by=merchandiser, reason="")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"code": "x" * 21},
        {"priority": -1},
        {"priority": "x"},
        {"is_active": "?"},
        {"created_at": None},
    ],
)
def test_edit_location_refuses_bad_values(merchandiser, changes):
    with pytest.raises(BadValue):
        edit_location(location_id=LocationFactory().pk, changes=changes, by=merchandiser, reason="")


def test_edit_location_closes_a_place(merchandiser, support):
    shed = LocationFactory()

    edit_location(location_id=shed.pk, changes={"is_active": False}, by=merchandiser, reason="x")

    assert not StockLocation.objects.get(pk=shed.pk).is_active
    with pytest.raises(UnknownRow):
        edit_location(location_id=404, changes={}, by=merchandiser, reason="")
    with pytest.raises(NotAllowed):
        edit_location(location_id=shed.pk, changes={"name": "x"}, by=support, reason="")
