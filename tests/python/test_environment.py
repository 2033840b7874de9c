import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import medvoxel
from medvoxel import environment

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "inst" / "python"


def test_report_as_a_program_needs_the_standard_library_only():
    answer = subprocess.run(
        [sys.executable, "-I", str(CORE / "medvoxel" / "environment.py"), "numpy", "no-such-thing"],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(answer.stdout)
    assert re.match(r"\d+\.\d+", report["packages"]["numpy"])
    assert report["packages"]["no-such-thing"] is None
    assert set(report["decoders"]) == set(environment._SYNTAXES)


def test_every_decoder_of_the_requirements_works_here():
    report = environment.environment_report()
    assert all(report["decoders"].values())


def test_import_loads_nothing_heavy():
    heavy = ("numpy", "scipy", "tensorflow", "pydicom", "matplotlib")
    code = f"import sys, medvoxel; print([m for m in sys.modules if m in {heavy}])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CORE
    )
    assert answer.stdout.strip() == "[]"


def test_every_public_name_can_be_loaded_after_all_modules():
    for path in (CORE / "medvoxel").rglob("*.py"):
        if path.name != "__init__.py":
            importlib.import_module(".".join(path.relative_to(CORE).with_suffix("").parts))
    for name in medvoxel.__all__:
        # A submodule of the same name would take the place of the function once loaded.
        assert not isinstance(getattr(medvoxel, name), ModuleType)
    assert dir(medvoxel) == sorted(medvoxel.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = medvoxel.nonsense


def test_every_folder_of_the_core_is_a_package():
    # Others are left out when the core is installed with pip.
    setuptools = pytest.importorskip("setuptools")
    found = setuptools.find_packages(str(CORE), include=["medvoxel*"])
    folders = {path.parent.relative_to(CORE) for path in CORE.glob("medvoxel/**/*.py")}
    assert set(found) == {".".join(folder.parts) for folder in folders}


def test_pyproject_is_the_only_file_that_names_versions_of_packages():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((CORE / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    names = "|".join(re.match(r"[\w.-]+", line)[0] for line in wanted)
    pattern = re.compile(rf"\b({names})\s*(>=|==|~=|<)\s*\d")
    folders = ("R", "inst", "tools", "vignettes", ".ci", "bench")
    files = [p for f in folders for p in (ROOT / f).rglob("*") if p.is_file()]
    files += [ROOT / "DESCRIPTION", ROOT / "Makefile", ROOT / "README.Rmd"]
    repeated = [
        str(path.relative_to(ROOT))
        for path in files
        if path.suffix in {".R", ".py", ".sh", ".Rmd", ".md", ".yml", ""}
        and path.exists()
        and path.name != "RESULTS.md"
        and pattern.search(path.read_text(errors="ignore"))
    ]
    assert repeated == []
