"""The parser of @names: pure, so it is tried without a database."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.mentions import handles_among, handles_of, split


@dataclass(frozen=True)
class Colleague:
    email: str
    first_name: str = ""
    last_name: str = ""


FEMI = Colleague("femi@example.com", "Femi", "Adeyemi")
SOFIA = Colleague("support@example.com", "Sofia", "O'Neil-Lindqvist")
PEOPLE = handles_among([FEMI, SOFIA])


def named(text):
    return [part.person for part in split(text, PEOPLE) if part.person]


@pytest.mark.parametrize(
    "text",
    [
        "@femi",
        "@Femi.Adeyemi can you?",
        "Ask @femi.",
        "(@femi), please",
        "@femi's parcel",
        "hello\n@femi\nbye",
        "“@femi”",
        "@femi.adeyemi.thanks",
        "@femi-thanks",
        "@femi…",
        "@femi.example.com",
    ],
)
def test_a_handle_at_the_beginning_of_a_word_is_a_mention_whatever_stands_around_it(text):
    assert named(text) == [FEMI]


@pytest.mark.parametrize(
    "text",
    [
        "femi",
        "ada@femi",
        "write to support@example.com",
        "support@femi.adeyemi",
        "@femi@example.social",
        "@@femi",
        "@ femi",
        "@femix",
        "@nobody",
        "@",
        "",
        "https://example.com/@femi",
        "a.@femi",
    ],
)
def test_an_address_an_unknown_name_and_half_a_word_stay_text(text):
    assert named(text) == []


def test_only_the_handle_itself_is_the_mention():
    parts = list(split("Ask @Femi.Adeyemi, or @nobody.", PEOPLE))

    assert [(part.text, part.person) for part in parts] == [
        ("Ask ", None),
        ("@Femi.Adeyemi", FEMI),
        (", or @nobody.", None),
    ]


def test_everybody_is_called_by_name_by_local_part_and_by_the_whole_address():
    assert handles_of(FEMI) == ["femi.adeyemi", "femi", "femi.example.com"]
    assert handles_of(SOFIA)[0] == "sofia.oneil-lindqvist"
    assert handles_of(Colleague("x@example.com", "Ada")) == ["x", "x.example.com"]


def test_a_handle_that_two_people_share_is_nobodys():
    other = Colleague("femi@elsewhere.org", "Femi", "Adeyemi")

    people = handles_among([FEMI, other])

    assert "femi" not in people
    assert "femi.adeyemi" not in people
    assert people["femi.elsewhere.org"] is other


@given(st.text(alphabet=st.sampled_from("@femi.adyx \n-+,é<&"), max_size=60))
def test_the_pieces_of_a_text_are_the_text(text):
    assert "".join(part.text for part in split(text, PEOPLE)) == text


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text):
    assert "".join(part.text for part in split(text, PEOPLE)) == text
