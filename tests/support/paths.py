"""Folders of the project."""

from pathlib import Path

from ser.models import packaged

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
DEMO = ROOT / "data" / "demo"
EMBEDDED = packaged.resolved()
"""The default model of the program."""
