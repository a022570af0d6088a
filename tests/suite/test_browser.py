"""Pages in a real browser: both themes, a desk's width and a phone's, keyboard, print; skipped where there is none."""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

FULL = Path(__file__).parents[2] / "reports" / "full"
OF_SUITE = [*FULL.glob("*.html"), *FULL.glob("results/*/index.html")]
PAGES = [*sorted(p.relative_to(FULL).as_posix() for p in OF_SUITE), "../bench/index.html"]
CHROMIUM = next(filter(None, map(shutil.which, ("google-chrome", "chromium", "chromium-browser"))), None)
FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WIDTHS = {"desk": 1280, "phone": 390}
LOOKS = [("desk", "light"), ("phone", "dark")]
IN_BOTH = {
    "index.html",
    "explore.html",
    "03_cnn.html",
    "results/03_cnn/index.html",
    "../bench/index.html",
}  # of each kind
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}  # of axe

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, as this machine has it."""
    with sync_playwright() as playwright:
        sandbox = os.geteuid() != 0  # Chromium refuses to be sandboxed as root
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, chromium_sandbox=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a page: visit(name, width, theme); in the end none has written an error or asked for anything elsewhere."""
    problems, contexts = [], []

    def _visit(name: str, width: str = "desk", theme: str = "light", fragment: str = ""):
        context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request", lambda asked: None if asked.url.startswith(("file:", "data:")) else problems.append(asked.url)
        )
        page.on("requestfailed", lambda asked: problems.append(f"{asked.url} failed"))
        page.goto(f"{(FULL / name).as_uri()}{fragment}")
        return page

    yield _visit
    for context in contexts:
        context.close()
    assert problems == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_has_its_answer_on_the_first_screen_and_is_accessible(visit, name, width, theme):
    page = visit(name, width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    if name[0].isdigit():  # a notebook's
        box = page.locator("header .answer").bounding_box()
        assert box["y"] + box["height"] < 900, "the answer is not on the first screen"
    if name in IN_BOTH or LOOKS[PAGES.index(name) % 2] == (width, theme):  # the style is the same on all
        found = Axe().run(page, options=RULES).response["violations"]
        assert [
            (v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
        ] == []


def test_a_wide_table_grows_into_the_margin_and_the_text_does_not(visit):
    page = visit("06_strides.html", "desk")
    widths = "all => all.map(each => each.getBoundingClientRect().width)"
    text = max(page.locator("main p").evaluate_all(widths))
    tables = page.locator("main .scroll:not(details .scroll)").evaluate_all(widths)
    assert text == min(tables) < max(tables)
    assert page.locator("main .scroll:not(details .scroll)").evaluate_all(
        "all => all.every(each => each.scrollWidth <= each.clientWidth)"
    )


def test_claims_are_filtered_and_sorted_and_the_address_keeps_it(visit):
    page = visit("index.html")
    shown = page.locator("table.scoreboard tbody tr:visible")
    every = shown.count()
    page.get_by_role("combobox", name="Report").select_option("B")
    assert 0 < shown.count() < every
    assert {row.get_attribute("data-report") for row in shown.all()} == {"B"}
    assert page.get_by_role("status").text_content() == f"{shown.count()} of {every} rows"
    page.get_by_role("button", name="claim").click()
    page.get_by_role("button", name="claim").click()
    names = shown.locator("strong").all_text_contents()
    assert names == sorted(names, key=lambda name: int(name[1:].split()[0]), reverse=True)
    assert page.url.endswith("#report=B&sort=-claim")
    again = visit("index.html", fragment="#report=B&sort=-claim")
    assert again.locator("table.scoreboard tbody tr:visible strong").all_text_contents() == names
    assert again.locator("th[aria-sort=descending]").text_content() == "claim"
    again.get_by_role("link", name="What the words mean", exact=True).click()
    assert again.url.endswith("#words")
    assert again.locator("table.scoreboard tbody tr:visible strong").all_text_contents() == names
    again.get_by_role("combobox", name="Verdict").select_option("undecided")
    assert again.url.endswith("#report=B&sort=-claim&verdict=undecided")


def test_on_a_phone_what_sorts_the_scoreboard_takes_no_focus(visit):
    page = visit("index.html", "phone")
    assert page.locator("table.scoreboard th button").count() == 3
    assert not any(button.is_visible() for button in page.locator("table.scoreboard th button").all())


def test_code_is_folded_and_unfolded_at_once_and_copied(visit):
    page = visit("03_cnn.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = page.locator("details.code pre")
    folded = sum(part.is_visible() for part in code.all())
    assert folded <= 1  # the parameters of this run
    page.get_by_role("button", name="Show all code").click()
    assert all(part.is_visible() for part in code.all())
    copy = page.locator("details.code .copy").nth(1)
    copy.click()
    assert page.evaluate("navigator.clipboard.readText()") == code.nth(1).text_content()
    page.get_by_role("button", name="Fold all code").click()
    assert not any(part.is_visible() for part in code.all())


def test_with_the_keyboard_alone_contents_lead_to_a_section_and_code_opens(visit):
    page = visit("03_cnn.html")
    link = page.locator(".contents a").nth(1)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{link.get_attribute('href')}")
    section = "document.querySelector(location.hash).getBoundingClientRect().top"
    page.wait_for_function(f"{section} < 100")
    fold = page.locator("details.code").nth(3)
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("pre").is_visible()


def table_of(frame) -> list[str]:
    """All cells of the tables behind a chart."""
    return frame.locator("xpath=ancestor::figure").locator("details.values td").all_text_contents()


def test_the_values_of_a_chart_are_read_by_the_keyboard(visit):
    page = visit("03_cnn.html")
    frame = page.locator(".chart-frame").first
    frame.focus()
    said = frame.get_by_role("status")
    assert not said.is_visible()
    heard = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "End", "Home", "ArrowLeft"):
        page.keyboard.press(key)
        heard.append(said.text_content())
    assert len(set(heard[:4])) == 4
    assert heard[4:] == [heard[0]] * 2  # before the first there is none
    cells = table_of(frame)
    assert all(any(cell in text for cell in cells if cell != "-") for text in heard)
    page.keyboard.press("Escape")
    assert not said.is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_values_of_a_chart_are_shown_where_a_reader_points(visit, width):
    page = visit("03_cnn.html", width)
    frame = page.locator(".chart-frame").first
    frame.scroll_into_view_if_needed()
    frame.locator("img").evaluate("image => image.decode()")
    box = frame.bounding_box()
    seen = set()
    for share in (0.2, 0.5, 0.8):
        for height in (0.3, 0.5, 0.7):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + height * box["height"])
            if frame.get_by_role("status").is_visible():
                seen.add(frame.get_by_role("status").text_content())
                told = frame.get_by_role("status").bounding_box()
                assert told["x"] >= 0
                assert told["x"] + told["width"] <= WIDTHS[width]
    assert len(seen) > 1
    page.mouse.move(2, 2)
    assert not frame.get_by_role("status").is_visible()


def test_the_curves_of_a_record_are_read_by_keyboard_and_pointer(visit):
    page = visit("results/03_cnn/index.html")
    frame = page.locator(".chart-frame").first
    frame.focus()
    page.keyboard.press("End")
    said = frame.get_by_role("status")
    epochs = frame.locator("xpath=ancestor::article").locator("details").first.locator("tbody tr")
    assert said.text_content().endswith(f"epoch {epochs.count()}")
    assert said.text_content().startswith("validation: loss, nats ")
    page.keyboard.press("Escape")
    frame.scroll_into_view_if_needed()
    curve = frame.locator("polyline.val").bounding_box()
    page.mouse.move(curve["x"] + curve["width"], curve["y"] + curve["height"] / 2)
    assert said.text_content().endswith(f"epoch {epochs.count()}")


def test_in_print_nothing_is_folded_or_cut(visit):
    page = visit("03_cnn.html")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open]):not(.values)").count() == 0
    assert not any(table.is_visible() for table in page.locator(".values").all())  # the chart itself is there
    assert not page.locator(".tools").first.is_visible()
    assert page.locator("img[loading]").count() == 0  # what is below the first screen is printed as well
    for box in page.locator(".scroll, pre").all():
        assert box.evaluate("box => getComputedStyle(box).overflowX") == "visible"


def test_without_scripts_everything_is_there(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((FULL / "index.html").as_uri())
    assert page.locator("table.scoreboard tbody tr").count() > 30
    page.goto((FULL / "03_cnn.html").as_uri())
    fold = page.locator("details.code").nth(3)
    fold.locator("summary").click()
    assert fold.locator("pre").is_visible()
    context.close()


def test_a_cell_of_the_matrix_shows_its_images_and_the_address_keeps_it(visit):
    page = visit("explore.html")
    page.locator("#tiles .tile").first.wait_for()
    assert "disagree most" in page.get_by_role("status").text_content()
    cell = page.locator(".matrix tbody tr").nth(3).locator("button").nth(5)
    number = int(cell.text_content())
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.includes('cell=3-5')")
    page.get_by_text(f"cat taken for dog: {number} images").wait_for()
    assert page.evaluate("document.activeElement.textContent") == str(number)
    while page.locator("#more").is_visible():
        page.locator("#more").click()
    assert page.locator("#tiles .tile").count() == number
    again = visit("explore.html", fragment="#" + page.url.partition("#")[2])
    again.get_by_text(f"cat taken for dog: {number} images").wait_for()
    assert again.locator("[aria-pressed=true]").text_content() == str(number)


def test_on_a_phone_the_images_of_a_cell_come_into_view(visit):
    page = visit("explore.html", "phone")
    page.locator("#tiles .tile").first.wait_for()
    page.locator(".matrix tbody tr").nth(3).locator("button").nth(5).click()
    page.get_by_text("cat taken for dog: ").wait_for()
    box = page.locator("#tiles .tile").first.bounding_box()
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 901


def test_two_nets_answer_side_by_side(visit):
    page = visit("explore.html", fragment="#set=0&a=0&b=1&cell=3-3")
    page.locator("#tiles .tile").first.wait_for()
    assert page.locator("#tiles .tile").first.locator("span").count() == 2
    nets = [page.locator(f"select[name={name}] option:checked").text_content() for name in "ab"]
    for net in nets:
        assert net.split(" (")[0] in page.get_by_role("status").text_content()
    for value in ("99", "-3", "x"):  # an address that was made up shows what there is
        made_up = visit("explore.html", fragment=f"#set={value}&a={value}&b={value}&cell={value}-1")
        made_up.locator("#tiles .tile").first.wait_for()
