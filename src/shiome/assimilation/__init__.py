"""Where observation meets simulation: assimilation schemes behind one interface."""
