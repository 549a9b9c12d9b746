"""One module per kind of object. A module in this folder is found and loaded; nothing else has to name it."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module, so that its statements and functions are registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
