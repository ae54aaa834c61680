"""Exports by a job: reproducible, private, kept for some days, and gone after them."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from backoffice import jobs
from backoffice.imports import export_runs
from backoffice.imports.export import export_sheet
from backoffice.models import AuditEvent, Job
from catalog.models import Product
from tests.backoffice.exports.reading import csv_rows
from tests.catalog.factories import ProductFactory
from tests.orders.factories import OrderFactory


def run_page(job):
    return reverse("admin:catalog_product_export_run", args=[job.uuid])


def file_page(job):
    return reverse("admin:catalog_product_export_file", args=[job.uuid])


def stored(job):
    return storages["private"].exists(export_runs.stored_as(job))


def test_many_rows_are_written_by_a_job_as_the_list_is_filtered(written, sign_in, auditor):
    ProductFactory(sku="SHOWN", name="=1+1", status="published")
    ProductFactory(sku="HIDDEN", status="draft")

    job = written(auditor, "?queue=published&p=3", purpose="for the shop")

    assert (job.state, job.error) == ("done", "")
    assert (job.done, job.total, job.result["rows"]) == (1, 1, 1)
    answer = sign_in(auditor).get(file_page(job))
    assert f'filename="{export_runs.file_name(job)}"' in answer["Content-Disposition"]
    assert csv_rows(b"".join(answer.streaming_content)) == [{"sku": "SHOWN", "name": "'=1+1"}]


def test_the_record_tells_of_the_export_and_of_each_download(written, sign_in, auditor):
    ProductFactory()

    job = written(auditor, "?queue=published", purpose="for the shop")
    b"".join(sign_in(auditor).get(file_page(job)).streaming_content)

    detail = AuditEvent.objects.get(kind="export").detail
    assert detail["job"] == str(job.uuid)
    assert (detail["purpose"], detail["rows"]) == ("for the shop", 1)
    assert detail["filter"] == {"queue": ["published"]}
    downloaded = AuditEvent.objects.get(kind="download")
    assert downloaded.subject_key == str(job.pk)
    assert downloaded.change_set.actor == auditor


def test_the_file_is_what_is_sent_at_once(written, sign_in, auditor):
    for number in range(20):
        ProductFactory(sku=f"A{number}", stock=number)

    job = written(auditor, columns=["sku", "stock", "price"])

    columns = ["sku", "stock", "price"]
    with export_sheet(
        sheet_name="products", format_name="csv", by=auditor, columns=columns
    ) as at_once:
        sent = b"".join(sign_in(auditor).get(file_page(job)).streaming_content)
        assert sent == at_once.read()


def test_above_the_limit_a_job_and_below_it_none(ask, settings, auditor):
    settings.EXPORT_AT_ONCE_ROWS = 2
    ProductFactory()
    ProductFactory()
    assert len(csv_rows(b"".join(ask(auditor).streaming_content))) == 2

    ProductFactory()

    assert ask(auditor).status_code == 302
    assert Job.objects.get().arguments["rows"] == 3


def test_the_same_press_twice_is_one_job(ask, by_job, auditor):
    ProductFactory()

    first, second = ask(auditor, key="abc"), ask(auditor, key="abc")

    assert first.url == second.url
    assert Job.objects.count() == 1


def test_the_page_says_how_far_it_is_and_then_offers_the_file(ask, by_job, sign_in, auditor):
    ProductFactory()
    address = ask(auditor).url
    client = sign_in(auditor)
    waiting = client.get(address)
    job = Job.objects.get()

    jobs.execute(job.pk)
    done = client.get(address)

    assert file_page(job) not in waiting.text
    assert "hx-get" in waiting.text
    assert file_page(job) in done.text
    assert (
        reverse("admin:catalog_product_export_run", args=[job.uuid])
        in client.get(reverse("admin:backoffice_job_change", args=[job.pk])).text
    )


def test_a_file_that_is_not_ready_is_refused_with_a_sentence(ask, by_job, sign_in, auditor):
    ProductFactory()
    ask(auditor)

    assert sign_in(auditor).get(file_page(Job.objects.get())).status_code == 409


def test_somebody_elses_file_is_not_there(written, sign_in, auditor, manager, support):
    ProductFactory()
    job = written(auditor)

    for person in (manager, support):
        client = sign_in(person)
        assert client.get(file_page(job)).status_code == 404
        assert client.get(run_page(job)).status_code == (
            200 if person.has_perm("backoffice.oversee_job") else 404
        )
    assert not AuditEvent.objects.filter(kind="download").exists()


def test_an_overseer_sees_the_job_and_no_button(written, sign_in, make_user, auditor):
    ProductFactory()
    job = written(auditor)
    overseer = make_user("manager", email="boss@example.com")
    from django.contrib.auth.models import Permission

    overseer.user_permissions.add(Permission.objects.get(codename="oversee_job"))

    page = sign_in(overseer).get(run_page(job))

    assert page.status_code == 200
    assert file_page(job) not in page.text
    assert "Only who asked for it" in page.text


def test_a_file_of_another_list_is_not_there(written, sign_in, manager):
    ProductFactory()
    job = written(manager)
    client = sign_in(manager)

    for name in ("run", "file"):
        address = reverse(f"admin:orders_order_export_{name}", args=[job.uuid])
        assert client.get(address).status_code == 404


def test_a_job_of_another_kind_is_no_export(sign_in, manager):
    job = jobs.start("backoffice.expire_imports", by=manager)

    assert sign_in(manager).get(run_page(job)).status_code == 404
    assert sign_in(manager).get(file_page(job)).status_code == 404


def test_who_lost_the_permission_gets_no_file_any_more(written, sign_in, auditor):
    ProductFactory()
    job = written(auditor)
    auditor.groups.clear()

    assert sign_in(auditor).get(file_page(job)).status_code == 403


def test_who_lost_the_permission_while_it_waited_gets_none_written(ask, by_job, auditor):
    ProductFactory()
    ask(auditor)
    auditor.groups.clear()
    job = Job.objects.get()

    jobs.execute(job.pk)

    job.refresh_from_db()
    assert job.state == "failed"
    assert "export products" in job.error
    assert not stored(job)


def test_a_customers_data_are_not_had_from_an_old_file(
    sign_in, by_job, finance, django_capture_on_commit_callbacks
):
    OrderFactory()
    with django_capture_on_commit_callbacks(execute=True):
        sign_in(finance).post(
            reverse("admin:orders_order_export"), {"format": "csv", "columns": ["number", "email"]}
        )
    job = Job.objects.get(kind=export_runs.EXPORT_KIND)
    address = reverse("admin:orders_order_export_file", args=[job.uuid])
    answer = sign_in(finance).get(address)
    assert set(csv_rows(b"".join(answer.streaming_content))[0]) == {"number", "email"}

    finance.groups.set(finance.groups.model.objects.filter(name="support"))

    assert sign_in(finance).get(address).status_code == 403


def test_an_expired_file_is_refused_with_a_sentence(written, sign_in, auditor, settings):
    ProductFactory()
    job = written(auditor)
    Job.objects.filter(pk=job.pk).update(
        finished_at=timezone.now() - timedelta(days=settings.EXPORT_KEEP_DAYS, seconds=1)
    )

    page = sign_in(auditor).get(file_page(job))

    assert page.status_code == 410
    assert "was kept until" in page.text
    assert file_page(job) not in page.text


def test_the_sweep_removes_what_was_kept_long_enough(written, sign_in, auditor, settings):
    ProductFactory()
    job = written(auditor)
    now = timezone.now()

    early = export_runs.sweep_exports(now=now + timedelta(days=settings.EXPORT_KEEP_DAYS - 1))
    assert (early, stored(job)) == (0, True)
    late = export_runs.sweep_exports(now=now + timedelta(days=settings.EXPORT_KEEP_DAYS, hours=1))
    assert late >= 1
    assert not stored(job)
    assert sign_in(auditor).get(file_page(job)).status_code == 410


def test_the_clock_sweeps(db):
    from backoffice.jobs import kinds

    assert kinds.find("backoffice.sweep_exports").every_minutes == 60
    assert kinds.find("backoffice.sweep_exports").work(None)["removed"] >= 0


def test_an_attempt_that_is_repeated_writes_the_file_anew(written, auditor):
    ProductFactory(sku="A")
    job = written(auditor)
    before = len(storages["private"].listdir("exports")[1])
    ProductFactory(sku="B")
    Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None)

    jobs.execute(job.pk)

    job.refresh_from_db()
    assert job.result["rows"] == 2
    assert len(storages["private"].listdir("exports")[1]) == before


def test_a_job_that_is_cancelled_leaves_no_file(ask, by_job, auditor, monkeypatch):
    for _number in range(5):
        ProductFactory()
    ask(auditor)
    job = Job.objects.get()
    Job.objects.filter(pk=job.pk).update(cancel_asked_at=timezone.now())
    monkeypatch.setattr(
        "backoffice.jobs.alive.SessionHold.is_cancel_asked", lambda hold: True, raising=True
    )
    monkeypatch.setattr("backoffice.jobs.alive.FileHold.is_cancel_asked", lambda hold: True)

    jobs.execute(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not stored(job)
    assert Product.objects.count() == 5
