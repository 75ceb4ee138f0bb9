"""The report of a study: what was done, what came out, and where the model fails, as one page and as Markdown."""
