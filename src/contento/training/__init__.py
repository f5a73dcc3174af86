"""Reading data sets, offline training and evaluation."""
