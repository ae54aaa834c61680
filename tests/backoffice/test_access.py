"""Pages outside the console are opened by whoever signed in, staff, a role, an owner."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.generic import DetailView, View

from backoffice import access
from backoffice.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.row("I3")]


def hello(request):
    return HttpResponse("hello")


class Hello(View):
    def get(self, request):
        return HttpResponse("hello")

    post = get


class StaffPage(access.StaffOnlyMixin, Hello):
    pass


class ManagersPage(access.RoleOnlyMixin, Hello):
    roles = ("manager",)


class AnybodysPage(access.SignedInMixin, Hello):
    pass


@pytest.fixture
def customer(db):
    return User.objects.create_user("ada@gmail.example")


def ask(rf, view, user, method="get", **headers):
    request = getattr(rf, method)("/page/?x=1", headers=headers)
    request.user = user
    return view(request)


STAFF = [access.staff_only(hello), StaffPage.as_view()]
MANAGERS = [access.role_only("manager")(hello), ManagersPage.as_view()]
SIGNED_IN = [access.signed_in(hello), AnybodysPage.as_view()]


@pytest.mark.parametrize("view", [*STAFF, *MANAGERS, *SIGNED_IN])
def test_a_stranger_is_led_to_the_sign_in_and_back(rf, view):
    page = ask(rf, view, AnonymousUser())
    form = ask(rf, view, AnonymousUser(), "post")
    fragment = ask(rf, view, AnonymousUser(), **{"HX-Request": "true"})

    assert page.url == "/accounts/login/?next=/page/%3Fx%3D1"
    assert form.url == "/accounts/login/?next=/page/"
    assert fragment["HX-Redirect"] == page.url


@pytest.mark.parametrize("view", STAFF)
def test_staff_pages(rf, view, support, customer):
    assert ask(rf, view, support).content == b"hello"
    with pytest.raises(PermissionDenied, match="for staff"):
        ask(rf, view, customer)


@pytest.mark.parametrize("view", MANAGERS)
def test_pages_of_a_role(rf, view, support, manager, customer):
    root = User.objects.create_superuser("root@example.com")

    assert ask(rf, view, manager).content == ask(rf, view, root).content == b"hello"
    for other in (support, customer):
        with pytest.raises(PermissionDenied):
            ask(rf, view, other)


@pytest.mark.parametrize("view", SIGNED_IN)
def test_pages_of_whoever_signed_in(rf, view, customer):
    assert ask(rf, view, customer).content == b"hello"


@pytest.mark.parametrize("staff_may_look", [False, True])
def test_what_is_anothers_does_not_exist(rf, customer, support, staff_may_look):
    row = SimpleNamespace(owner_id=customer.pk)

    class Row(DetailView):
        def get_object(self):
            return row

        def render_to_response(self, context):
            return HttpResponse("mine")

    class OwnRow(access.OwnerOnlyMixin, Row):
        owner_field = "owner"

    view = OwnRow.as_view(staff_may_look=staff_may_look)
    other = User.objects.create_user("eve@gmail.example")

    assert ask(rf, view, customer).content == b"mine"
    with pytest.raises(Http404):
        ask(rf, view, other)
    if staff_may_look:
        assert ask(rf, view, support).content == b"mine"
    else:
        with pytest.raises(Http404):
            ask(rf, view, support)
    row.owner_id = None
    with pytest.raises(Http404):
        ask(rf, view, customer)
