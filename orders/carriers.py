"""Carriers: which one a tracking number belongs to, and where it can be followed. No database.

A number is recognised by its documented shape and, where it has one, by its check digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

Check = Callable[[str], bool]

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
FEDEX_WEIGHTS = (3, 1, 7)


def _is_ups(number: str) -> bool:
    """UPS: after “1Z”, letters count as (ASCII - 63) mod 10; every second character twice."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:]]
    total = sum(v * (2 if place % 2 else 1) for place, v in enumerate(values[:-1]))
    return -total % 10 == values[-1]


def _is_gs1(digits: str) -> bool:
    """GS1 (SSCC, USPS, FedEx Ground): from the right, every second digit thrice."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits[-2::-1])
    )
    return -total % 10 == int(digits[-1])


def _is_sscc(digits: str) -> bool:
    """The 18 digits after the application identifier 00."""
    return _is_gs1(digits[2:])


def _is_fedex_express(digits: str) -> bool:
    total = sum(
        int(digit) * FEDEX_WEIGHTS[2 - place % 3] for place, digit in enumerate(digits[10::-1])
    )
    return total % 11 % 10 == int(digits[11])


def _is_dhl_express(digits: str) -> bool:
    return int(digits[:9]) % 7 == int(digits[9])


def _is_s10(number: str) -> bool:
    """UPU S10: eight weighted digits, modulo 11."""
    total = sum(int(d) * w for d, w in zip(number[2:10], S10_WEIGHTS, strict=True))
    check = 11 - total % 11
    return {10: 0, 11: 5}.get(check, check) == int(number[10])


def _any(_number: str) -> bool:
    return True


@dataclass(frozen=True)
class Carrier:
    """Who carries parcels. link: where a number is followed, "{}" is the number; "" nowhere."""

    name: str
    link: str = ""
    shapes: tuple[tuple[str, Check], ...] = ()


CARRIERS: tuple[Carrier, ...] = (
    Carrier("UPS", "https://www.ups.com/track?tracknum={}", ((r"1Z[0-9A-Z]{15}[0-9]", _is_ups),)),
    Carrier(
        "DHL",
        "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
        (
            (r"JJD[0-9A-Z]{8,28}", _any),
            (r"JD[0-9]{16,18}", _any),
            (r"JVGL[0-9]{8,20}", _any),
            (r"GM[0-9]{16,20}", _any),
            (r"00340434[0-9]{12}", _is_sscc),
            (r"[0-9]{10}", _is_dhl_express),
        ),
    ),
    Carrier(
        "FedEx",
        "https://www.fedex.com/fedextrack/?trknbr={}",
        (
            (r"[0-9]{12}", _is_fedex_express),
            (r"[0-9]{15}", _is_gs1),
            (r"96[0-9]{20}", _is_gs1),
        ),
    ),
    Carrier(
        "USPS",
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
        ((r"9[1-5][0-9]{18}(?:[0-9]{2})?", _is_gs1), (r"420[0-9]{5}9[1-5][0-9]{20}", _any)),
    ),
    Carrier(
        "DPD", "https://tracking.dpd.de/status/en_US/parcel/{}", ((r"[0-9]{14}[0-9A-Z]?", _any),)
    ),
    Carrier("GLS", "https://gls-group.com/EU/en/parcel-tracking?match={}", ((r"[0-9]{11}", _any),)),
    Carrier(
        "PostNL", "https://jouw.postnl.nl/track-and-trace/{}", ((r"3S[A-Z]{4}[0-9]{7,9}", _any),)
    ),
    Carrier("Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{}"),
    Carrier(
        "Deutsche Post",
        "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={}",
    ),
    Carrier("La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code={}"),
    Carrier("Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/details/{}"),
    Carrier("Australia Post", "https://auspost.com.au/mypost/track/details/{}"),
)

# Who issues the S10 numbers (“RR123456785GB”) of a country.
POSTS = {
    "AT": "Österreichische Post",
    "AU": "Australia Post",
    "BE": "bpost",
    "CA": "Canada Post",
    "CH": "Swiss Post",
    "CN": "China Post",
    "DE": "Deutsche Post",
    "DK": "PostNord",
    "ES": "Correos",
    "FI": "Posti",
    "FR": "La Poste",
    "GB": "Royal Mail",
    "IE": "An Post",
    "IT": "Poste Italiane",
    "JP": "Japan Post",
    "NL": "PostNL",
    "PL": "Poczta Polska",
    "SE": "PostNord",
    "US": "USPS",
}
_BY_NAME = {carrier.name.casefold(): carrier for carrier in CARRIERS}
_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")


def plain(tracking: str) -> str:
    """Return a number without the spaces, dots and dashes that people write into it."""
    return re.sub(r"[\s.\-]", "", tracking).upper()


def guess(tracking: str) -> str:
    """Return the name of the carrier that a tracking number belongs to, or ""."""
    number = plain(tracking)
    if not number.isascii():
        return ""
    if _S10.fullmatch(number):
        return POSTS.get(number[-2:], "") if _is_s10(number) else ""
    for carrier in CARRIERS:
        if any(re.fullmatch(shape, number) and check(number) for shape, check in carrier.shapes):
            return carrier.name
    return ""


def tracking_link(carrier: str, tracking: str) -> str:
    """Return where a parcel can be followed, or "" when nobody knows."""
    known = _BY_NAME.get(carrier.strip().casefold())
    if known is None or not known.link or not tracking:
        return ""
    return known.link.format(quote(plain(tracking), safe=""))
