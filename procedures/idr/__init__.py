"""IDR: identity resolution that plans, judges and only then publishes."""

__version__ = "0.1.0"
