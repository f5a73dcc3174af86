"""Why a score is what it is: the share of each word, past event and tower in it. Pure."""
