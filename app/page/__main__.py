"""Serve the page: `python -m app.page`, with the options of `streamlit run`."""

import sys

from ser.core import extras


def main() -> None:
    """Serve the page until Ctrl-C is pressed."""
    try:
        with extras.named():
            from streamlit.web import cli

            from app.page import exposure
    except extras.Missing as error:
        sys.exit(f"error: {error}")
    exposure.ask_no_host()
    sys.argv = ["streamlit", "run", "app/page.py", *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
