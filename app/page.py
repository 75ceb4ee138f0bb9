"""The web page: `streamlit run app/page.py`, from the repository's root."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Streamlit puts this file's folder on the path. It needs the one that holds `app` and `ser` instead; here, the folder
# `http` would hide Python's own module of that name.
sys.path[:] = [str(HERE.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != HERE)]

from app.page import view  # noqa: E402

view.show()
