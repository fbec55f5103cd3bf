"""From a solved cell to what an X-ray would show of it, and from an image to phases."""
