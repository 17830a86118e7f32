"""Checked Gradients' library, in wings: each folder answers one question.

proof        is it true?            a derivation that checks itself (SymPy alone)
report       what did it say?       the report's claims, judged and corrected
models       what is computed?      the networks, their losses and gradients (PyTorch)
data         what is learnt from?   digits and parallel phrases
training     how is it trained?     seeds, the loop, checkpoints and records
experiments  what was run?          the frozen configurations, and how one is run
pages        what does a page show? figures, tables, pictures to play with
bench        how fast is it?        ours against a peer and a bound

A chapter imports through a wing's door, which says what it offers.
"""
