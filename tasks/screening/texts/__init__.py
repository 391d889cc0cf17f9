"""What is said: prompts, narrations, captions, titles and hashtags are read before anything is rendered.

`screen.TextScreen` is the way in. `verdict` has what comes out, `rules` what a policy may say of texts, `words` what a
user may add, `guard` the model that may be asked as well.
"""
