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
    walker.tab_to("input[type=radio]")
    walker.tab_to("button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/20\d\d/"))
    walker.tab_to("#school")
    page.keyboard.type("Sample Middle")
    walker.tab_to("#grade")
    page.keyboard.type("Grade 8")
    walker.tab_to("button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/results/schools/**")
    walker.tab_to("details:not(.adder) > summary")
    page.keyboard.press("Enter")
    walker.tab_to("a[href*='view=claim']")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


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
