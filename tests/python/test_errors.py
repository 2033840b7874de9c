import pytest

from medvoxel import errors


def test_every_error_has_a_kind_of_its_own():
    kinds = [
        getattr(errors, name).kind
        for name in errors.__all__
        if issubclass(getattr(errors, name), errors.MedvoxelError)
    ]
    assert len(kinds) == len(set(kinds))


def test_message_hint_and_details():
    error = errors.DicomError("Slice 3 is missing.", hint="Export again.", slices=[3])
    assert str(error) == "Slice 3 is missing. Export again."
    assert (error.message, error.hint, error.details) == (
        "Slice 3 is missing.",
        "Export again.",
        {"slices": [3]},
    )


def test_python_users_can_catch_the_usual_classes():
    with pytest.raises(ValueError, match="x"):
        raise errors.InputError("x")
    with pytest.raises(OSError, match="x"):
        raise errors.FileFormatError("x")
    with pytest.raises(ImportError, match="x"):
        raise errors.DependencyError("x")
