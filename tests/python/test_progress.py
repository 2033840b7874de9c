import pytest

from medvoxel.errors import Cancelled
from medvoxel.progress import Progress


def test_reports_are_throttled_but_the_end_is_always_told():
    seen = []
    for _ in Progress.over(range(10_000), lambda done, label: seen.append(done), "Work"):
        pass
    assert seen[-1] == 1.0
    assert len(seen) < 100


def test_every_step_is_told_without_throttle():
    seen = []
    progress = Progress(lambda done, label: seen.append((done, label)), 4, "Work", interval=0)
    for _ in range(4):
        progress.advance()
    assert seen == [(0.25, "Work"), (0.5, "Work"), (0.75, "Work"), (1.0, "Work")]


def test_false_cancels_and_none_does_not():
    with pytest.raises(Cancelled, match="Work was stopped"):
        Progress(lambda done, label: False, 1, "Work").advance()
    Progress(lambda done, label: None, 1, "Work").advance()


def test_without_a_callback_nothing_happens():
    assert list(Progress.over(iter("ab"), None, "Work")) == ["a", "b"]
