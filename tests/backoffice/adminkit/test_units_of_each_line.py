"""`Ask(kind="lines")`: how many of each line; the answer is {line's key: units above zero}."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.http import QueryDict

from backoffice.adminkit.acts import Act
from backoffice.adminkit.forms import ActForm
from backoffice.flows import Ask, LineChoice

MUG = LineChoice(7, "Mug", "MUG-1", most=3, initial=1, price=Decimal("12.50"))
PLATE = LineChoice(8, "Plate", most=5)
GONE = LineChoice(9, "Bowl", most=0, note="all refunded")
ROW = SimpleNamespace(lines=[MUG, PLATE, GONE])


def ask(*, required=True):
    return Ask("units", "Units", "lines", required=required, rows=lambda row: row.lines)


def form(required=True, **posted):
    data = QueryDict(mutable=True)
    data.update({"idempotency_key": "k", **{k.replace("_", "-"): v for k, v in posted.items()}})
    return ActForm([ask(required=required)], data, row=ROW)


def test_the_answer_holds_lines_with_units_only():
    answered = form(units_7="2", units_8="0", units_9="")

    assert answered.is_valid(), answered.errors
    assert answered.answers == {"units": {7: 2}}


def test_nothing_chosen_is_refused_when_the_question_must_be_answered():
    assert form(units_7="0").errors["units"] == ["Choose at least one unit."]
    assert form(required=False, units_7="0").is_valid()


def test_a_row_without_units_left_says_so():
    empty = ActForm([ask()], QueryDict("idempotency_key=k"), row=SimpleNamespace(lines=[GONE]))

    assert empty.errors["units"] == ["No line has units left for this."]


@pytest.mark.parametrize("rubbish", ["-1", "1.5", "1_0", "٣", "two", "1e1", "9" * 40, " + 1"])
def test_what_is_no_whole_number_is_refused_by_the_lines_name(rubbish):
    assert form(units_7=rubbish).errors["units"] == ["Mug: a whole number, 0 or more, is needed."]


def test_more_than_there_are_is_refused_with_both_numbers():
    assert form(units_7="4").errors["units"] == ["Mug: 4 are more than the 3 there are."]
    assert form(units_9="1").errors["units"] == ["Bowl: 1 are more than the 0 there are."]


def test_a_line_of_another_row_is_refused():
    assert "not on this row" in form(units_999="1").errors["units"][0]
    assert "not on this row" in form(units_x="1").errors["units"][0]


def test_the_dialog_shows_bounded_numbers_with_what_they_are():
    html = str(ActForm([ask()], row=ROW)["units"])

    assert 'name="units-7"' in html
    assert 'max="3"' in html
    assert 'value="1"' in html
    assert "12.50" in html
    assert "all refunded" in html


def test_what_was_typed_stands_there_again_after_a_refusal():
    html = str(form(units_7="9", units_8="2")["units"])

    assert 'value="9"' in html
    assert 'value="2"' in html


def test_the_address_can_bring_an_answer_along():
    html = str(ActForm([ask()], row=ROW, preset=QueryDict("units-8=4"))["units"])

    assert 'value="4"' in html
    assert 'value="1"' not in html  # the initial of the other line gives way


def test_a_selection_is_not_asked_about_lines():
    act = Act("count", "Count", "x.y", asks=(ask(required=False),), many=lambda **_: None)

    assert not ActForm(act.asks).questions
    assert act.for_many is not None


def test_an_act_that_must_know_the_lines_is_not_offered_for_a_selection():
    act = Act("count", "Count", "x.y", asks=(ask(),), many=lambda **_: None)

    assert act.for_many is None


def test_a_question_can_say_more_of_a_row_or_not_be_asked_of_it():
    left = Ask(
        "amount", "Amount", about=lambda row: {"help": f"left: {row.left}"} if row.left else None
    )

    [asked] = ActForm([left], row=SimpleNamespace(left=5)).questions

    assert asked.help_text == "left: 5"
    assert not ActForm([left], row=SimpleNamespace(left=0)).questions


def test_a_switch_that_the_address_does_not_name_stays_as_it_is():
    asks = [ask(), Ask("notify", "Tell", "flag", initial=True)]

    assert ActForm(asks, row=ROW, preset=QueryDict("units-8=4"))["notify"].value() is True
    assert ActForm(asks, row=ROW, preset=QueryDict("notify="))["notify"].value() is False
