"""Which carrier a number belongs to: numbers that the carriers' own pages print as examples."""

from __future__ import annotations

import pytest

from orders.carriers import CARRIERS, POSTS, guess, tracking_link

NUMBERS = [
    ("1Z999AA10123456784", "UPS"),
    ("1z 999 aa1 01 2345 6784", "UPS"),
    ("1Z999AA10123456785", ""),  # the check digit is wrong
    ("JJD000390007882823459", "DHL"),
    ("00340434161094022115", "DHL"),
    ("00340434161094022116", ""),
    ("1234567891", "DHL"),  # 123456789 mod 7 is 1
    ("1234567890", ""),
    ("986578788855", "FedEx"),
    ("986578788856", ""),
    ("449044304137821", "FedEx"),
    ("9405511899223197428490", "USPS"),
    ("9405511899223197428491", ""),
    ("RA473124829US", "USPS"),
    ("RR123456785GB", "Royal Mail"),
    ("RR 123 456 785 GB", "Royal Mail"),
    ("RR123456784GB", ""),
    ("LX123456785DE", "Deutsche Post"),
    ("RR123456785XX", ""),
    ("01234567890123", "DPD"),
    ("12345678901", "GLS"),
    ("3SABCD123456789", "PostNL"),
    ("", ""),
    ("the blue box", ""),
    ("１２３４５６７８９０１", ""),  # another script's digits
]


@pytest.mark.parametrize(("tracking", "carrier"), NUMBERS)
def test_guess_names_the_carrier_of_a_number(tracking, carrier):
    assert guess(tracking) == carrier


def test_every_carrier_with_a_shape_is_among_the_numbers():
    named = {carrier for _tracking, carrier in NUMBERS}

    assert {carrier.name for carrier in CARRIERS if carrier.shapes} <= named


@pytest.mark.parametrize(
    ("digits", "check"), [("12345678", 5), ("47312482", 9), ("00000000", 5), ("00001010", 0)]
)
def test_the_check_digit_of_the_postal_union_is_the_only_one_taken(digits, check):
    taken = [last for last in range(10) if guess(f"RR{digits}{last}GB")]

    assert taken == [check]


def test_a_link_leads_to_the_parcel_whatever_the_case_of_the_carrier():
    link = tracking_link("ups", "1Z 999 AA1 01 2345 6784")

    assert link == "https://www.ups.com/track?tracknum=1Z999AA10123456784"


def test_a_link_carries_nothing_but_the_number():
    assert tracking_link("UPS", "1Z&x=<b>").endswith("tracknum=1Z%26X%3D%3CB%3E")


@pytest.mark.parametrize(("carrier", "tracking"), [("Anna's van", "12"), ("UPS", ""), ("", "1")])
def test_nobody_knows_where_to_follow_it(carrier, tracking):
    assert tracking_link(carrier, tracking) == ""


def test_all_links_are_secure_addresses():
    assert all(carrier.link.startswith("https://") for carrier in CARRIERS)
    assert all(len(country) == 2 for country in POSTS)
