"""The command `reelmill`: one command a file, each imported when it is called."""
