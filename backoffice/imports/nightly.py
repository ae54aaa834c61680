"""Recipes that run by night: a supplier's newest file, in the name of the recipe's owner.

Thresholds stand in for the person who would look at the preview: a run that crosses one waits for
its owner, with the sentence. Whatever comes of a file stands on its run; no file is loaded twice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import jobs
from backoffice.approvals import ApprovalAsked
from backoffice.imports import drop_folder, thresholds
from backoffice.imports.apply import apply_run
from backoffice.imports.confirming import confirm_run
from backoffice.imports.own_recipes import PREFIX
from backoffice.imports.runs import start_run
from backoffice.imports.sheets import sheet
from backoffice.models import ImportRecipe, ImportRun, Job, User
from backoffice.refused import BadValue, NotAllowed, Refused, UnknownRow
from backoffice.steps import editing, require_permission

State = ImportRun.State
KIND = "backoffice.nightly_import"
# A run that waits is still there after a weekend.
WAITS_HOURS = 96
LATEST_HOUR = 23
LONGEST_WHY = 300


@dataclass(frozen=True, kw_only=True)
class Nightly:
    """When and from where a recipe is run, and what stops it.

    source: below settings.IMPORT_DROP_DIR, the newest file that matches. hour: of the day, not
    before it. policy: blank: the recipe's. why: the reason that stands in the record.
    """

    source: str
    hour: int = 2
    most_falling_percent: int = 20
    most_vanishing: int = 10
    policy: str = ""
    why: str = ""


def nightly_of(recipe: ImportRecipe) -> Nightly | None:
    """Return how a recipe runs by night, or None."""
    stored = recipe.content.get("nightly")
    if not stored:
        return None
    known = {name: stored[name] for name in Nightly.__dataclass_fields__ if name in stored}
    return Nightly(**known)


def name_of(recipe: ImportRecipe) -> str:
    """Return what runs call a recipe."""
    return f"{PREFIX}{recipe.uuid}"


# --- Asking for it --------------------------------------------------------------------------------


def set_nightly(
    *, recipe_id: int, nightly: Nightly, by: User, reason: str, version: int | None = None
) -> ImportRecipe:
    """Let a recipe run by night, in its owner's name: nobody but the owner says so.

    Refuses: UnknownRow; NotAllowed; StaleVersion; BadValue.
    Atomic: locks the recipe; one history row when something changed.
    """
    clean = _clean(nightly)
    with _editing(recipe_id, by, reason, version) as row:
        if row.owner_id != by.pk:
            raise NotAllowed(
                what=_("let a colleague's recipe run by night"),
                hint=_("It would act in their name. Save a recipe of your own."),
            )
        row.content = {**row.content, "nightly": asdict(clean)}
    return row


def stop_nightly(
    *, recipe_id: int, by: User, reason: str, version: int | None = None
) -> ImportRecipe:
    """Let a recipe run no more by night; whoever may load its sheet may say so.

    Refuses: UnknownRow; NotAllowed; StaleVersion.
    Atomic: locks the recipe; one history row unless it did not run by night.
    """
    with _editing(recipe_id, by, reason, version) as row:
        row.content = {name: said for name, said in row.content.items() if name != "nightly"}
    return row


def _editing(recipe_id: int, by: User, reason: str, version: int | None) -> Any:
    name = ImportRecipe.objects.filter(pk=recipe_id).values_list("sheet", flat=True).first()
    if name is None:
        raise UnknownRow(what=ImportRecipe._meta.verbose_name, key=recipe_id)
    return editing(
        ImportRecipe,
        recipe_id,
        by=by,
        permission=sheet(name).import_permission,
        reason=reason,
        version=version,
    )


def _clean(said: Nightly) -> Nightly:
    if not 0 <= said.hour <= LATEST_HOUR:
        raise BadValue(field=_("Hour"), problem=_("a number from 0 to 23 is needed."))
    if not 0 <= said.most_falling_percent <= 100:  # noqa: PLR2004
        raise BadValue(field=_("Falling prices"), problem=_("a percentage to 100 is needed."))
    if said.most_vanishing < 0:
        raise BadValue(field=_("Missing rows"), problem=_("0 or more is needed."))
    if said.policy and said.policy not in ImportRun.Policy.values:
        raise BadValue(field=_("Policy"), problem=_("it is not known."))
    return Nightly(
        source=drop_folder.require_pattern(said.source),
        hour=said.hour,
        most_falling_percent=said.most_falling_percent,
        most_vanishing=said.most_vanishing,
        policy=said.policy,
        why=" ".join(said.why.split())[:LONGEST_WHY],
    )


# --- Starting what is due -------------------------------------------------------------------------


def start_due(*, now: datetime) -> list[Job]:
    """Start a job for each recipe whose hour has come and whose newest file is a new one.

    Once a day each: a second file of the same day is loaded the next night.
    """
    local = timezone.localtime(now, timezone.get_default_timezone())
    started = []
    recipes = ImportRecipe.objects.filter(is_archived=False, content__has_key="nightly")
    for recipe in recipes.select_related("owner").order_by("pk"):
        nightly, key = nightly_of(recipe), f"{recipe.uuid}:{local.date()}"
        if nightly is None or local.hour < nightly.hour:
            continue
        if Job.objects.filter(kind=KIND, key=key).exists() or _new_file(recipe, now) is None:
            continue
        with transaction.atomic():
            label = _("Nightly import: {recipe}").format(recipe=recipe.name)
            arguments = {"recipe": str(recipe.uuid)}
            started.append(
                jobs.start(KIND, by=recipe.owner, key=key, label=label, arguments=arguments)
            )
    return started


def _new_file(recipe: ImportRecipe, now: datetime) -> tuple[Path, str] | None:
    """Return the newest file and its fingerprint, unless it was loaded by this recipe already."""
    nightly = nightly_of(recipe)
    # A file may go away between one look and the next.
    with suppress(OSError):
        path = drop_folder.newest(nightly.source, now=now) if nightly is not None else None
        if path is not None:
            sha256 = drop_folder.sha256_of(path)
            runs = ImportRun.objects.filter(sheet=recipe.sheet, recipe=name_of(recipe))
            if not runs.filter(sha256=sha256).exists():
                return path, sha256
    return None


# --- One run --------------------------------------------------------------------------------------


def _page(job: Job) -> str:
    run = (job.result or {}).get("run_id")
    return reverse("admin:backoffice_importrun_change", args=[run]) if run else ""


@jobs.kind(KIND, label=gettext_lazy("Nightly import"), page=_page)
def nightly_import(work: jobs.Run) -> dict[str, Any]:
    """Load a recipe's newest file; what a killed worker left waiting is taken up again."""
    recipe = ImportRecipe.objects.select_related("owner").get(uuid=work.arguments["recipe"])
    left = None
    if work.job.attempts > 1:
        runs = ImportRun.objects.filter(owner=recipe.owner, recipe=name_of(recipe))
        left = runs.filter(
            state=State.VALIDATED, outcome="", created_at__gte=work.job.created_at
        ).last()
    run = load_newest(recipe, now=timezone.now(), left=left)
    if run is None:
        return {"outcome": _("There was no new file.")}
    return {"run_id": run.pk, "state": run.state, "outcome": run.outcome}


def load_newest(
    recipe: ImportRecipe, *, now: datetime, left: ImportRun | None = None
) -> ImportRun | None:
    """Load a recipe's newest file in its owner's name, and return the run that tells what came.

    left: a run that was planned by an earlier attempt, and not judged yet. None: no new file, or
    the recipe does not run by night any more. A file that is refused leaves a run that says so.
    Atomic: as `start_run` and `confirm_run`.
    """
    nightly = nightly_of(recipe)
    if nightly is None or recipe.is_archived:
        return None
    found = None if left is not None else _new_file(recipe, now)
    if left is None and found is None:
        return None
    try:
        # Before the file is opened: a role that was lost is no fault of the file.
        kind = sheet(recipe.sheet)
        require_permission(recipe.owner, kind.import_permission, kind.import_words)
    except NotAllowed as refused:
        return _keep_refusal(recipe, found[0].name if found else "", "", refused, now)
    if left is None:
        assert found is not None
        path, sha256 = found
        try:
            with drop_folder.opened(path) as file:
                left = start_run(
                    sheet_name=recipe.sheet,
                    file=file,
                    file_name=path.name,
                    by=recipe.owner,
                    recipe=name_of(recipe),
                    policy=nightly.policy,
                    now=now,
                )
        except Refused as refused:
            return _keep_refusal(recipe, path.name, sha256, refused, now)
    return _decide(left, nightly)


def _keep_refusal(
    recipe: ImportRecipe, file_name: str, sha256: str, refused: Refused, now: datetime
) -> ImportRun:
    """Keep what became of a file that could not be loaded; the same word is not said nightly."""
    runs = ImportRun.objects.filter(sheet=recipe.sheet, recipe=name_of(recipe))
    last = runs.order_by("-pk").first()
    if last is not None and not sha256 and last.state == State.REFUSED and not last.sha256:
        return last
    return ImportRun.objects.create(
        owner=recipe.owner,
        sheet=recipe.sheet,
        recipe=name_of(recipe),
        choices={"nightly": True},
        state=State.REFUSED,
        file_name=file_name,
        sha256=sha256,
        outcome=str(refused),
        expires_at=now,
        finished_at=now,
    )


def _decide(run: ImportRun, nightly: Nightly) -> ImportRun:
    """Apply a planned run, or leave it waiting with the sentence that says why."""
    run.expires_at = max(run.expires_at, run.created_at + timedelta(hours=WAITS_HOURS))
    run.save(update_fields=["expires_at", "updated_at"])
    sentences = list(
        thresholds.crossed(
            run,
            most_falling_percent=nightly.most_falling_percent,
            most_vanishing=nightly.most_vanishing,
        )
    )
    if sentences:
        return _wait(run, " ".join([*sentences, _("Look at it, then apply or discard it.")]))
    why = nightly.why or _("Nightly import of {file}").format(file=run.file_name)
    with suppress(ApprovalAsked):
        try:
            if run.to_write:
                confirm_run(uuid=run.uuid, by=run.owner, reason=why)
            else:
                apply_run(uuid=run.uuid, by=run.owner, reason=why)
        except ApprovalAsked:
            raise
        except Refused as refused:
            return _wait(run, str(refused))
    run.refresh_from_db()
    return run


def _wait(run: ImportRun, sentence: str) -> ImportRun:
    run.refresh_from_db()
    if run.state == State.VALIDATED:
        run.outcome = sentence
        run.save(update_fields=["outcome", "updated_at"])
    return run
