"""Signing in where there is no sandbox, and administering accounts."""

from __future__ import annotations

import re

from tests.journeys.walk import OwnSite, Walker, totp


def test_sign_in_with_a_second_factor_then_make_give_and_end(
    own_site: OwnSite, walker: Walker
) -> None:
    page = walker.page
    page.goto(own_site.address)
    assert page.locator("h1").inner_text() == "Sign in"
    assert "sign up" not in walker.says().lower()
    walker.look()
    _sign_in(walker, own_site.email, "not the password at all")
    assert "The email address and/or password you specified are not correct." in walker.says()
    walker.look()
    _sign_in(walker, own_site.email, own_site.password)
    page.fill("#id_password", own_site.password)  # again, before a second factor is set up
    page.get_by_role("button", name="Confirm").click()
    assert "/accounts/2fa/totp/activate/" in page.url
    walker.look()
    page.goto(own_site.address)
    assert "/accounts/2fa/totp/activate/" in page.url  # nothing else opens before
    secret = page.locator("#authenticator_secret").input_value()
    page.fill("#id_code", "000000" if totp(secret) != "000000" else "111111")
    page.get_by_role("button", name="Activate").click()
    assert "/accounts/2fa/totp/activate/" in page.url
    secret = page.locator("#authenticator_secret").input_value()
    page.fill("#id_code", totp(secret))
    page.get_by_role("button", name="Activate").click()
    assert "recovery codes" in walker.says().lower()
    walker.look()

    page.goto(own_site.address)
    assert re.search(r"/20\d\d/$", page.url) is not None
    walker.go("Administration")
    walker.look()
    walker.go("People and roles")
    walker.look()
    page.fill("#email", "coordinator@sample.example")
    page.fill("#first_name", "Casey")
    page.fill("#last_name", "Coordinator")
    page.select_option("#role", label="State Admin")
    page.get_by_role("button", name="Make 1 account").click()
    assert "The account was made." in walker.says()
    walker.go("Coordinator, Casey")
    walker.look()
    assert _roles(walker) == ["State Admin"]
    page.select_option("#role", label="Integrator")
    page.get_by_role("button", name="Give 1 role").click()
    assert sorted(_roles(walker)) == ["Integrator", "State Admin"]
    page.get_by_role("row", name=re.compile("Integrator")).get_by_role("button").click()
    assert "Done." in walker.says()

    walker.go("Administration", "Audit log")
    walker.look()
    done = [row[3] for row in walker.rows("Audit log")]
    assert done[:4] == ["end_grant", "grant_role", "grant_role", "add_account"]
    assert "Casey" not in walker.says()
    walker.go("Administration", "System")
    walker.look()
    for name in ("Organizations", "What each role may do"):
        walker.go("Administration", name)
        walker.look()


def _sign_in(walker: Walker, email: str, password: str) -> None:
    walker.page.fill("#id_login", email)
    walker.page.fill("#id_password", password)
    walker.page.get_by_role("button", name="Sign in", exact=True).click()


def _roles(walker: Walker) -> list[str]:
    return [row[0] for row in walker.rows("Roles")]
