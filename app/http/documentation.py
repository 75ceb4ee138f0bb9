"""The page `/docs`: Swagger UI with the files of the package fastapi-offline, so that nothing comes from elsewhere."""

import base64
import hashlib
import re

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

FILES = "/docs/files"
OPENAPI = "/openapi.json"


def add_page(app: FastAPI) -> None:
    """Add the page and its files to the service."""
    page = get_swagger_ui_html(
        openapi_url=OPENAPI,
        title=app.title,
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon.png",
    )
    html = bytes(page.body).decode().replace("<html>", '<html lang="en">', 1)  # so that it is read aloud as English
    headers = {"Content-Security-Policy": policy(html)}
    app.mount(FILES, StaticFiles(packages=[("fastapi_offline", "static")]))

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(html, headers=headers)


def policy(html: str) -> str:
    """Content security policy of a page: files of this service, and the scripts that the page itself contains.

    Examples
    --------
    >>> policy("<script>start()</script>").split("; ")[1]
    "script-src 'self' 'sha256-DIm7WJS6ZKDYe5qFLPy+h4JFI9Bol5QmYC57mt3Fb00='"
    """
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    known = "".join(f" 'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src 'self'{known}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
