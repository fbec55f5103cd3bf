"""What a run writes into its folder, and reading it back; see `fem.output.run`."""

from fem.output.recorder import Recorder, recording
from fem.output.run import check_folder, draw_field, redraw, save
from fem.output.stored import load

__all__ = ["Recorder", "check_folder", "draw_field", "load", "recording", "redraw", "save"]
