"""From the first Tab to results, without touching a mouse; and without any script."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from tests.journeys.walk import Sandbox, Walker


def test_from_the_skip_link_to_results_by_keyboard_alone(sandbox: Sandbox, walker: Walker) -> None:
    page = walker.page
    page.goto(sandbox.address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    _tab_to(walker, "input[type=radio]")
    _tab_to(walker, "button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/20\d\d/"))
    _tab_to(walker, "#school")
    page.keyboard.type("Sample Middle")
    _tab_to(walker, "#grade")
    page.keyboard.type("Grade 8")
    _tab_to(walker, "button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/results/schools/**")
    _tab_to(walker, "details:not(.adder) > summary")
    page.keyboard.press("Enter")
    _tab_to(walker, "a[href*='view=claim']")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def _tab_to(walker: Walker, selector: str) -> None:
    for _press in range(80):
        walker.page.keyboard.press("Tab")
        if walker.page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


def test_everything_needed_works_without_scripts(sandbox: Sandbox, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    walker = Walker(context.new_page())
    walker.enter(sandbox, "District Admin: Sample District")
    home = walker.page.url
    walker.search_school("Sample Middle School", "Grade 8")
    assert "/results/schools/" in walker.page.url
    walker.page.goto(home)
    walker.page.select_option("#group", index=1)
    walker.page.get_by_role("button", name="Search by group").click()
    assert "/results/groups/" in walker.page.url
    walker.page.goto(home)
    walker.search_ssid("4000015759")
    assert walker.page.locator("h1").inner_text() == "Corcoran, Jonathan"
    context.close()
