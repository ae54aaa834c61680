"""What every browser test of the console does at a desk: open, press, answer, look for overflow."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from backoffice.ids import uuid7
from orders.models import Order

# A page may be as wide as the window, and no part of it may reach out of it unless it scrolls by
# itself. Returns what sticks out, for a message that names it.
STICKS_OUT = """() => {
    const wide = document.documentElement.clientWidth;
    const scrolls = (node) => {
        for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
            const style = getComputedStyle(up);
            if (style.overflowX !== 'visible' || style.position === 'fixed') return true;
        }
        return false;
    };
    return [...document.querySelectorAll('#content *')]
        .filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width > 0 && box.right > wide + 1 && !scrolls(node);
        })
        .map((node) => node.tagName + '.' + node.className)
        .concat(document.documentElement.scrollWidth > wide ? ['the page'] : []);
}"""


def path_of(order: Order) -> str:
    return f"/admin/orders/order/{order.pk}/change/"


def act(page: Page, name: str, within: str = "") -> None:
    """Press an act's button: where it stands, or in “More”."""
    page.wait_for_load_state("load")
    button = page.locator(f"{within} [data-act={name}]".strip()).first
    expect(button).to_be_attached()
    if not button.is_visible():
        menu = page.locator(".ow-actions details", has=page.locator(f"[data-act={name}]"))
        menu.locator("summary").click()
    button.click()


def dialog(page: Page) -> Locator:
    """Return the open dialog, once its answer is there."""
    box = page.locator("#dialog")
    expect(box).to_be_visible()
    return box


def units_of(box: Locator, line: str) -> Locator:
    """Return a line's number among the units that a dialog asks for."""
    return box.get_by_role("spinbutton", name=line, exact=True)


def answer(page: Page, button: str) -> None:
    """Press the open dialog's button, and wait until the page has come back without it."""
    dialog(page).get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#bo-dialog[open]")).to_have_count(0)


def sticks_out(page: Page) -> list[str]:
    """Return what makes the page scroll sideways."""
    return page.evaluate(STICKS_OUT)


def forge(page: Page, url: str) -> int:
    """Post a form that no page offers, and return the status that it is answered with."""
    (token,) = [c["value"] for c in page.context.cookies() if c["name"] == "csrftoken"]
    form = {"csrfmiddlewaretoken": token, "idempotency_key": uuid7().hex}
    return page.request.post(url, form=form, headers={"Referer": url}).status
