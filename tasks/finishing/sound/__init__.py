"""The sound of a finished video: a narration, music below it, and the loudness that each platform asks for."""
