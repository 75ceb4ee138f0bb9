"""The web page: `streamlit run app/page.py`, from the repository's root."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # Streamlit puts this file's folder there, not the one that holds `app` and `ser`
    sys.path.insert(0, ROOT)

from app.page import view  # noqa: E402

view.show()
