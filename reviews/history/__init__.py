"""What became of every screening: the decision history, the events of a deal, replays."""
