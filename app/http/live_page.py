"""The page `/live`: a microphone, and emotions while somebody speaks; nothing comes from other servers.

The service serves it, not Streamlit: a Streamlit component runs in a frame, which needs a permission of its own for the
microphone, and each of its answers draws the whole page again; streamlit-webrtc needs a STUN server, and a decoder on
the server.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "live_files"
ADDRESS = "/live"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Add the page and its files to the service."""
    html = (FOLDER / "live.html").read_text(encoding="utf-8")
    app.mount(f"{ADDRESS}/files", StaticFiles(directory=FOLDER))

    @app.get(ADDRESS, include_in_schema=False)
    async def live() -> HTMLResponse:
        return HTMLResponse(html, headers=HEADERS)
