"""What every service of ours needs to reach the others: settings, and log lines of one form."""
