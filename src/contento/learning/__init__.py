"""The learner: feedback joined to the scores it judges, truth kept prequentially, drift found, factors stepped."""
