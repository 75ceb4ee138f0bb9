"""Serve the page: `python -m app.page`, with the options of `streamlit run`."""

import sys

from streamlit.web import cli

from app.page import exposure


def main() -> None:
    """Serve the page until Ctrl-C is pressed."""
    exposure.ask_no_host()
    sys.argv = ["streamlit", "run", "app/page.py", *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
