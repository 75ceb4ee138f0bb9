"""Description of a corpus or a recording: acoustic measurements, tables, summaries."""
