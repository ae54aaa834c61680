"""What the record's verbs refuse, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused


class RecordIsBusy(Refused):
    sentence = _("Others have been writing to the record for {seconds} s without a pause.")
    hint = _("Nothing was sealed; the next run does it.")
    http_status = 409


class SealedMeanwhile(Refused):
    sentence = _("Somebody else has added to the chain of seals just now.")
    hint = _("Nothing is lost; try again.")
    http_status = 409


class ColumnsChanged(Refused):
    sentence = _("Sealed columns are gone or of another kind: {columns}.")
    hint = _("Close the epoch: manage.py audit epoch --reason …")
    http_status = 409


class RecordIsBroken(Refused):
    sentence = _("The record is not whole: {first}")
    hint = _("Find out why first; whoever accepts it says so and gives the reason.")
    http_status = 409


class NotTheOwner(Refused):
    sentence = _("The database role {role} does not own the sealed tables.")
    hint = _("Lift their protection with the owner's role (manage.py audit grants).")
    http_status = 403


class BadAnchor(Refused):
    sentence = _("This is no anchor: {problem}")


class NothingSealed(Refused):
    sentence = _("Nothing of the record is sealed in this period.")
    hint = _("Seal first, or choose another period.")
