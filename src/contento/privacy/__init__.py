"""Personal data in texts, masked before anything is trained on them."""
