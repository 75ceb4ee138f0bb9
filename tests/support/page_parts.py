"""Contents of a page of the report, by Python's HTML parser."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "br"}
LOADING = {"src", "srcset", "poster", "data", "action", "background"}  # attributes from which a browser fetches


class Parts(HTMLParser):
    """Tables, text, headings, and all addresses that a browser would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.sources: list[str] = []
        self.alternatives: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.open: list[str] = []
        self._caption = ""
        self.feed(page)
        self.close()
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.sources += [value for name, value in given.items() if name in LOADING]
        if tag == "link":
            self.sources.append(given["href"])
        if tag == "a":
            self.anchors.append(given["href"])
        if tag == "img":
            self.alternatives.append(given.get("alt", ""))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "caption":
            self._caption = ""
        if tag == "tr":
            self.tables[self._caption].append([])
        if tag in ("td", "th"):
            self.tables[self._caption][-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} ends where it did not begin"
        if tag == "caption":
            assert self._caption not in self.tables, f"two tables are called {self._caption}"
            self.tables[self._caption] = []

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += f"{data} "
        if "caption" in self.open:
            self._caption += data
        elif {"td", "th"} & set(self.open):
            self.tables[self._caption][-1][-1] += data
        elif self.open and self.open[-1] in ("h1", "h2", "h3"):
            level, text = self.headings[-1]
            self.headings[-1] = level, text + data


def tables_of(markdown: str) -> dict[str, list[list[str]]]:
    """Caption -> rows of each table of a Markdown text; the first row is the header."""
    found: dict[str, list[list[str]]] = {}
    caption = ""
    for line in markdown.splitlines():
        if line.startswith("**") and line.endswith("**"):
            caption = line.strip("*").replace("\\", "")
        elif line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip().replace("\\", "") for cell in line.strip("|").split(" |")]
            found.setdefault(caption, []).append(cells)
    return found


def page_and_text(folder: Path) -> tuple[Parts, str]:
    """The HTML page and the Markdown of the report in a folder."""
    return Parts((folder / "report.html").read_text()), (folder / "report.md").read_text()
