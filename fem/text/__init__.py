"""Every text file that a user hands in, read one way: encoding, TOML, JSON, tables of numbers."""

from fem.text.files import missing_file, read_text
from fem.text.json import read_json
from fem.text.tables import Column, Sheet, names_table, read_table
from fem.text.toml import read_toml

__all__ = [
    "Column",
    "Sheet",
    "missing_file",
    "names_table",
    "read_json",
    "read_table",
    "read_text",
    "read_toml",
]
