"""Measurements of speed, cost and accuracy: `./scripts/bench`, see docs/performance.md."""
