"""The report in a real browser, Chromium without a window: it opens offline, its slider moves, its curves zoom."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pinn import save_run, train
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.report.page import write_report
from pinn.runs.instantiate import build
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import build_network
from pinn.samplers import Sobol

pytest.importorskip("plotly")
webdriver: Any = pytest.importorskip("selenium.webdriver")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a disk that cools."""
    folder = tmp_path_factory.mktemp("run")
    space = {"_target_": "pinn.domains.Disk"}
    config: dict[str, Any] = {
        "pde": {"_target_": "pinn.pdes.Heat", "domain": {"_target_": "pinn.domains.TimeDomain", "space": space}},
        "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
        "vjp": {"_target_": "pinn.operators.Auto"},
    }
    pde = build(config["pde"], "pde")
    network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
    metrics, step = MetricsFile(folder), None
    for step in train(pde, network, Schedule((Adam(steps=5), LevenbergMarquardt(steps=5))), Sobol(interior=50)):
        metrics.record(step)
    assert step is not None
    save_run(folder, step, config, pde="heat", domain="disk")
    return write_report(folder, folder / "report.html", instants=5, points=21)


@pytest.fixture(scope="module")
def browser(page: Path, chromium: Callable[[], Any]) -> Any:
    """A browser that has opened the page."""
    driver = chromium()
    driver.get(page.as_uri())
    wait(driver, "return document.querySelectorAll('#field-moving .hm image').length == 4")
    return driver


def wait(driver: Any, script: str) -> None:
    """Until the script returns true."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 20, 0.05).until(lambda d: d.execute_script(script), f"never true: {script}")


def drag(driver: Any, start: Any, right: int, down: int, *, offset: tuple[int, int] = (0, 0)) -> None:
    """Press the mouse near the middle of an element, move it and let it go."""
    actions = webdriver.ActionChains(driver, duration=50)
    actions.move_to_element_with_offset(start, *offset).click_and_hold().move_by_offset(right, down).release().perform()


def seen(driver: Any, name: str) -> list[str]:
    """The pictures of the maps, as they are drawn."""
    return driver.execute_script(
        f"return [...document.querySelectorAll('#{name} .hm image')].map(image => image.href.baseVal)"
    )


def test_all_figures_are_drawn_and_nothing_is_wrong(browser: Any) -> None:
    figures = browser.execute_script("return [...document.querySelectorAll('.js-plotly-plot')].map(div => div.id)")
    assert figures == ["field-moving", "curve-loss", "curve-errors", "curve-method"]
    assert len(set(seen(browser, "field-moving"))) == 4
    titles = (
        "return [...document.querySelectorAll('#field-moving .modebar-btn')].map(b => b.dataset.title.toLowerCase())"
    )
    buttons = browser.execute_script(titles)
    assert buttons == ["download plot as a png", "zoom", "pan", "zoom in", "zoom out", "autoscale", "reset axes"]
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_the_slider_moves_through_time(browser: Any) -> None:
    state = "const g = document.getElementById('field-moving'); "
    before = seen(browser, "field-moving")
    values = browser.execute_script(state + "return [...g._fullData[0].z].map(row => [...row])")
    assert browser.execute_script(state + "return g.layout.sliders[0].active") == 2
    handle = browser.find_element("css selector", "#field-moving .slider-grip-rect")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    rail = browser.find_element("css selector", "#field-moving .slider-rail-touch-rect")
    drag(browser, handle, rail.size["width"] // 2 - 20, 0)  # from the middle to the right end
    wait(browser, state + "return g.layout.sliders[0].active == 4")
    wait(browser, state + "return [...g._fullData[0].z].flat().length > 0")
    after = browser.execute_script(state + "return [...g._fullData[0].z].map(row => [...row])")
    assert after != values
    assert all(old != new for old, new in zip(before, seen(browser, "field-moving"), strict=True))
    assert browser.find_element("css selector", "#field-moving .slider-label").text == "t = 1"
    assert browser.get_log("browser") == []


def test_maps_zoom_together(browser: Any) -> None:
    plot = browser.find_element("css selector", "#field-moving .xy .nsewdrag, #field-moving .nsewdrag[data-subplot=xy]")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    drag(browser, plot, 80, 80, offset=(-40, -40))
    ranges = "const l = document.getElementById('field-moving').layout; return [l.xaxis.range, l.xaxis4.range]"
    wait(browser, ranges.replace("return [", "return l.xaxis.range[1] < 0.9; ["))
    first, last = browser.execute_script(ranges)
    assert -1 < first[0] < first[1] < 1
    assert last == first
    assert browser.get_log("browser") == []


def test_curves_zoom_and_change_their_axes(browser: Any) -> None:
    layout = "const g = document.getElementById('curve-errors'); return "
    assert browser.execute_script(layout + "g.layout.xaxis.title.text") == "step"
    start, end = browser.execute_script(layout + "g.layout.xaxis.range")
    plot = browser.find_element("css selector", "#curve-errors .nsewdrag")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    drag(browser, plot, 100, 60, offset=(-50, -30))
    wait(browser, layout + f"g.layout.xaxis.range[0] > {start}")
    assert browser.execute_script(layout + "g.layout.xaxis.range[1]") < end
    buttons = {
        button.text: button for button in browser.find_elements("css selector", "#curve-errors .updatemenu-button")
    }
    buttons["seconds"].click()
    wait(browser, layout + "g.layout.xaxis.title.text == 'wall clock (s)'")
    seconds = browser.execute_script(layout + "g.layout.xaxis.range")
    assert seconds[1] < end  # ten steps take less than ten seconds
    buttons["y linear"].click()
    wait(browser, layout + "g.layout.yaxis.type == 'linear'")
    assert browser.get_log("browser") == []
