"""What is seen of a report at three widths, by the boxes that a browser draws: nothing is cut off, nothing overlaps."""

import itertools
import json
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
pytest.importorskip("selenium.webdriver")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
    ),
]
WIDTHS = (390, 820, 1280)
HEIGHT = 844
BOXES = """
const boxes = (selector, root) => [...(root || document).querySelectorAll(selector)].map((element) => {
  const box = element.getBoundingClientRect();
  return {left: box.left, right: box.right, top: box.top + scrollY, bottom: box.bottom + scrollY,
          text: element.textContent.trim()};
}).filter((box) => box.right > box.left && box.bottom > box.top);
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a typed problem with soft conditions, as Hydra leaves it with a folder of configurations."""
    folder = tmp_path_factory.mktemp("run")
    config: dict[str, Any] = {
        "pde": {
            "_target_": "pinn.pdes.Expression",
            "equation": "dt(T) + w*dx(T) = kappa*dx(dx(T)) - T/2",
            "fields": ["T"],
            "coefficients": {"kappa": 0.01, "w": 0.5},
            "initial": "20*sin(pi*x)",
            "boundary": {"left": "0"},
            "flux": {"right": "0"},
            "hard": False,
        },
        "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
        "vjp": {"_target_": "pinn.operators.Auto"},
        "units": {"x": "m", "t": "s", "T": "°C"},
    }
    pde = build(config["pde"], "pde")
    network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
    metrics, step = MetricsFile(folder), None
    for step in train(pde, network, Schedule((Adam(steps=5), LevenbergMarquardt(steps=5))), Sobol(interior=50)):
        metrics.record(step)
    assert step is not None
    save_run(folder, step, config, pde="rod", domain="interval", status="completed", doubts=["it is a test"])
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "overrides.yaml").write_text("- pde=rod\n- 'pde.initial=\"20*sin(pi*x)\"'\n")
    sources = [{"path": "hydra.conf", "provider": "hydra"}, {"path": "/home/me/my conf", "provider": "command-line"}]
    (folder / ".hydra" / "hydra.yaml").write_text(json.dumps({"hydra": {"runtime": {"config_sources": sources}}}))
    return write_report(folder, folder / "report.html", instants=3, points=21)


@pytest.fixture(scope="module", params=WIDTHS)
def browser(request: pytest.FixtureRequest, page: Path, chromium: Callable[[], Any]) -> Any:
    """A browser of that width that has opened the page and has come to rest."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver = chromium()
    size = {"width": request.param, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": request.param < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(page.as_uri())
    rest = """return [...document.querySelectorAll('.js-plotly-plot')].every(
        (figure) => figure.dataset.arranged === String(figure.clientWidth)
                    && Math.abs(figure.clientHeight - figure.layout.height) < 2)"""
    WebDriverWait(driver, 20, 0.1).until(lambda d: d.execute_script(rest))
    driver.width = request.param
    return driver


def boxes(driver: Any, selector: str, root: str = "document") -> list[dict[str, Any]]:
    return driver.execute_script(f"{BOXES} return boxes({json.dumps(selector)}, {root})")


def overlap(a: dict[str, Any], b: dict[str, Any]) -> bool:
    across = min(a["right"], b["right"]) - max(a["left"], b["left"])
    return across > 1 and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 1


def within(box: dict[str, Any], around: dict[str, Any], slack: float = 1.5) -> bool:
    return (
        box["left"] >= around["left"] - slack
        and box["right"] <= around["right"] + slack
        and box["top"] >= around["top"] - slack
        and box["bottom"] <= around["bottom"] + slack
    )


def test_nothing_is_wider_than_the_page(browser: Any) -> None:
    assert browser.execute_script("return document.documentElement.scrollWidth") <= browser.width
    for box in boxes(browser, "h1, .banner, .problem, .tile, .command, .js-plotly-plot, section"):
        assert box["left"] >= 0, box["text"][:60]
        assert box["right"] <= browser.width, box["text"][:60]
    assert browser.get_log("browser") == []


def test_verdict_and_error_are_on_the_first_screen(browser: Any) -> None:
    (verdict,), (error,) = boxes(browser, "#verdict"), boxes(browser, "#error")
    assert verdict["bottom"] < HEIGHT / 2
    assert verdict["text"].startswith("Do not believe this run: it is a test.")
    assert within(error, verdict)
    assert error["text"].startswith("relative L2 error")


def test_the_equation_is_typeset_before_the_numbers(browser: Any) -> None:
    formulas, tiles = boxes(browser, "#problem math"), boxes(browser, ".tile")
    assert len(formulas) == 6  # the equation, three conditions, two coefficients
    assert all(box["bottom"] <= tiles[0]["top"] for box in formulas)
    assert all(box["right"] - box["left"] > 20 and box["bottom"] - box["top"] > 10 for box in formulas)
    assert not any(overlap(a, b) for a, b in itertools.combinations(formulas, 2))
    (fraction,) = boxes(browser, "#problem mfrac:not(:has(mo))")
    assert fraction["bottom"] - fraction["top"] > 18  # one above the other
    indices = boxes(browser, "#problem msub > mrow")
    assert [box["text"] for box in indices][:3] == ["t", "x", "xx"]


def test_the_command_is_whole_and_can_be_pasted(browser: Any) -> None:
    (command,) = boxes(browser, "#command")
    expected = "pinn train --config-dir '/home/me/my conf' pde=rod 'pde.initial=\"20*sin(pi*x)\"'"
    assert command["text"] == expected
    size = "const c = document.getElementById('command'); return [c.scrollWidth, c.clientWidth]"
    inner, outer = browser.execute_script(size)
    assert inner <= outer
    lines = browser.execute_script(
        "const r = document.createRange(); r.selectNodeContents(document.getElementById('command'));"
        "return [...r.getClientRects()].map((box) => box.right)"
    )
    (button,) = boxes(browser, "#copy")
    assert max(lines) <= button["left"]


def test_figures_follow_each_other(browser: Any) -> None:
    figures = boxes(browser, ".js-plotly-plot") + boxes(browser, "h2, h3")
    for a, b in itertools.combinations(figures, 2):
        assert not overlap(a, b), (a["text"][:40], b["text"][:40])


@pytest.mark.parametrize("name", ["field-still", "field-moving", "curve-loss", "curve-errors"])
def test_a_figure_is_whole(browser: Any, name: str) -> None:
    """Panels, colour bars and every label lie within the figure; no label lies over a panel or over another."""
    root = f"document.getElementById('{name}')"
    (figure,) = boxes(browser, f"#{name}")
    panels = boxes(browser, ".bglayer .bg, .plot .hm image, .draglayer .nsewdrag", root)
    assert panels
    labels = boxes(browser, ".xtick text, .ytick text, .xtitle, .ytitle, .annotation text, .cbaxis text", root)
    labels += boxes(browser, ".legendtext, .updatemenu-button text, .slider-label", root)
    assert len(labels) > 6
    for box in [*panels, *labels]:
        assert within(box, figure), (box["text"], box, figure)
    for label in labels:
        assert not any(overlap(label, panel) for panel in panels), label
    words = [label for label in labels if any(letter.isalpha() for letter in label["text"])]
    for a, b in itertools.combinations(words, 2):
        assert not overlap(a, b), (a, b)


def test_the_terms_stand_in_the_legend(browser: Any, page: Path) -> None:
    header = (page.parent / "metrics.csv").read_text().splitlines()[0].split(",")
    terms = {f"term {name.removeprefix('loss_')}" for name in header if name.startswith("loss_")}
    assert len(terms) == 4
    shown = {box["text"] for box in boxes(browser, "#curve-loss .legendtext")}
    assert {"loss", *terms} <= shown


def test_axes_have_the_users_units(browser: Any) -> None:
    assert {box["text"] for box in boxes(browser, "#field-still .xtitle")} == {"t (s)"}
    assert {box["text"] for box in boxes(browser, "#field-still .ytitle")} == {"x (m)"}
    titles = [box["text"] for box in boxes(browser, "#field-still .annotation text")]
    assert titles == ["Solution T (°C)", "Residual r"]
