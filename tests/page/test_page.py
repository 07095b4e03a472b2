# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages in a real browser: at three sizes, light and dark, by keyboard, on paper, and with hostile names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page import pages
from tests.page.browser import Browser

pytestmark = pytest.mark.page

PAGES: dict[str, Callable[[], str]] = {
    "evacuation": pages.done_page,
    "balance": pages.balance_page,
    "cluster": pages.cluster_page,
    "rolling": pages.rolling,
    "large": pages.large_page,
}
SIZES = {"phone": 390, "laptop": 1280, "wall": 1920}

LEAST_CONTRAST = 4.5
"""What WCAG 2 (AA) asks of text of usual size."""

CONTRASTS = """(() => {
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const bright = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => { for (let e = element; e; e = e.parentElement) {
    const found = numbers(getComputedStyle(e).backgroundColor);
    if (found.length && (found.length < 4 || found[3] > 0.99)) return found; } return [255, 255, 255]; };
  const found = {};
  for (const element of document.querySelectorAll('main *:not(svg *), header *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
    const [a, b] = [bright(numbers(getComputedStyle(element).color)), bright(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const colours = getComputedStyle(element).color + ' on ' + behind(element);
    const name = element.tagName + '.' + element.className + ' ' + colours;
    found[name] = Math.min(ratio, found[name] || 99);
  }
  return found; })()"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages as files."""
    folder, found = tmp_path_factory.mktemp("pages"), {}
    for name, make in PAGES.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(make(), encoding="utf-8")
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_at_every_size(
    name: str, size: str, dark: bool, files: dict[str, Path], browser: Browser, pictures: Path
) -> None:
    """Nothing is complained of, nothing is fetched, nothing is cut off at the side, and all text is easy to read."""
    browser.show(SIZES[size], 900, dark=dark)
    browser.open(files[name])
    assert browser.complaints() == []
    assert browser.requests() == [files[name].as_uri()]
    assert browser.run("document.scrollingElement.scrollWidth <= innerWidth")
    if name != "large":
        browser.run(
            "document.querySelectorAll('section').forEach(s => { s.style.contentVisibility = 'visible'; })"
        )
        poor = {
            text: ratio for text, ratio in browser.run(CONTRASTS).items() if ratio < LEAST_CONTRAST
        }
        assert poor == {}
        browser.picture(pictures / f"{name}-{size}-{'dark' if dark else 'light'}.png", whole=True)


def opened(browser: Browser, path: Path) -> None:
    """Open a page on a laptop."""
    browser.show(1280, 900)
    browser.open(path)


def column(browser: Browser, table: str, number: int) -> list[str]:
    """Return the texts of a column, of the rows that are shown."""
    found: list[str] = browser.run(
        f"[...document.querySelectorAll('#{table} tbody tr:not([hidden]):not(.more)')]"
        f".map(row => row.cells[{number}].textContent.trim())"
    )
    return found


def test_sorting_and_finding(files: dict[str, Path], browser: Browser) -> None:
    """A heading sorts, by numbers where they are numbers, and back; a search leaves the rows with all its words."""
    opened(browser, files["evacuation"])
    click = "document.querySelectorAll('#step-table thead button')[4].click()"
    browser.run(click)
    ascending = column(browser, "step-table", 4)
    browser.run(click)
    assert column(browser, "step-table", 4) == ascending[::-1] != ascending
    sizes = [float(text.split()[0]) for text in ascending]
    assert sizes == sorted(sizes)
    assert (
        browser.run("document.querySelectorAll('#step-table th')[4].getAttribute('aria-sort')")
        == "descending"
    )
    browser.run(
        "(() => { const i = document.querySelector('input[data-for=step-table]'); i.value = 'kvm1 skipped';"
        " i.dispatchEvent(new Event('input')); })()"
    )
    assert len(column(browser, "step-table", 1)) == 1
    assert browser.run(
        "document.querySelector('output[data-count=step-table]').textContent"
    ).startswith("1 of ")


def test_the_keyboard_reaches_why_not_there(files: dict[str, Path], browser: Browser) -> None:
    """Enter on a VM opens the reasons against each other host, and closes them again; a screen reader is told so."""
    opened(browser, files["evacuation"])
    browser.press("Tab")
    assert browser.run("document.activeElement.textContent") == "Skip to the content"
    browser.run("document.querySelector('#step-table tbody th button').focus()")
    browser.press("Enter")
    told = browser.run("document.querySelector('#step-table tr.more').textContent")
    assert "Not kvm2" in told
    assert browser.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.press("Enter")
    assert browser.run("document.querySelector('#step-table tr.more')") is None
    browser.run("document.querySelector('#host-table tbody th button').click()")
    assert "Leave" in browser.run("document.querySelector('#host-table tr.more').textContent")


def test_a_pair_of_hosts_leads_to_its_migrations(files: dict[str, Path], browser: Browser) -> None:
    """A click on a ribbon, or on a field of the matrix, leaves its migrations; a button brings back the others."""
    for name, picture in (("evacuation", ".links a"), ("large", ".cell")):
        opened(browser, files[name])
        everything = len(column(browser, "step-table", 1))
        pair: dict[str, Any] = browser.run(
            f"(() => {{ const p = document.querySelector('{picture}'); p.dispatchEvent(new MouseEvent('click', "
            "{bubbles: true, cancelable: true})); return {...p.dataset}; })()"
        )
        shown = list(
            zip(column(browser, "step-table", 2), column(browser, "step-table", 3), strict=True)
        )
        assert shown == [(pair["from"], pair["to"])] * int(pair["n"])
        browser.run("document.querySelector('[data-chip=step-table] button').click()")
        assert len(column(browser, "step-table", 1)) == everything


def test_a_screen_reader_finds_names(files: dict[str, Path], browser: Browser) -> None:
    """Everything that can be used has a name, and the parts of the page are regions and headings."""
    opened(browser, files["evacuation"])
    names = browser.names()
    nameless = [
        role
        for role, name in names
        if role in ("button", "link", "searchbox", "region", "heading") and not name
    ]
    assert nameless == []
    assert ("region", "Migrations") in names
    assert ("searchbox", "Find VMs, hosts or reasons") in names


def test_on_paper(files: dict[str, Path], browser: Browser, pictures: Path) -> None:
    """What is for the screen is left out, nothing is in a box that scrolls, and dark pages print dark on light."""
    browser.show(800, 1100, dark=True, media="print")
    browser.open(files["evacuation"])
    assert browser.run("getComputedStyle(document.querySelector('.top nav')).display") == "none"
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run(
        "[...document.querySelectorAll('.scroll')].every(e => getComputedStyle(e).overflowX === 'visible')"
    )
    assert browser.run("document.scrollingElement.scrollWidth <= innerWidth")
    browser.picture(pictures / "evacuation-paper.png", whole=True)


def test_on_a_wall(files: dict[str, Path], browser: Browser, pictures: Path) -> None:
    """With #wall there is the overview alone."""
    browser.show(1920, 1080, dark=True)
    browser.open(files["cluster"])
    browser.run("location.hash = 'wall'")
    browser.run("new Promise(done => setTimeout(done, 100))")
    shown = browser.run(
        "[...document.querySelectorAll('section')].filter(s => s.offsetHeight).map(s => s.id)"
    )
    assert shown == ["summary", "wall"]
    browser.picture(pictures / "wall.png")


def test_hostile_names_do_nothing(tmp_path: Path, browser: Browser) -> None:
    """No name runs, loads, or is refused by the browser: each is text, also where the script of the page shows it."""
    path = tmp_path / "hostile.html"
    path.write_text(pages.hostile_page(), encoding="utf-8")
    opened(browser, path)
    browser.run("document.querySelectorAll('tbody th button').forEach(button => button.click())")
    assert browser.run("document.querySelectorAll('tr.more').length") > 5
    assert browser.run("document.querySelectorAll('img, script').length") == 2
    assert browser.complaints() == []
    assert len(browser.requests()) == 1
