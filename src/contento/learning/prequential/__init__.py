"""How good the served scores are, by the labels that came: overall and by slice. Pure."""
