"""From records, state and a model's answers to scores and changes of state. Pure: no clock, no I/O."""
