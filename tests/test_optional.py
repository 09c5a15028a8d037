"""A package that an extra brings: what is said when it is missing, or cannot be loaded."""

import sys
from pathlib import Path

import pytest

from pinn.optional import MissingPackageError, package


def test_a_package_that_is_there_is_the_module() -> None:
    assert package("numpy.linalg", "none", "a test") is sys.modules["numpy.linalg"]


def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(MissingPackageError) as caught:
        package("no_such_package.module", "export", "--format vtu")
    assert str(caught.value) == '--format vtu needs no_such_package: pip install "pinn-solver[export]".'
    assert isinstance(caught.value, ImportError)


def test_a_package_that_cannot_be_loaded_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_installed.py").write_text("import what_it_needs_itself")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingPackageError, match=r"half_installed, which cannot be loaded .*what_it_needs"):
        package("half_installed", "soap", "optimizer=soap")
