"""From a text to speech and its times, by one of several voices behind one interface."""
