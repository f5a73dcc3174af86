"""Fine-tuning the text encoder: LoRA adapters for the domain's language, then for what the texts' labels say. Pure."""
