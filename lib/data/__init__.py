"""What is learnt from? Data sets, each asked for by its name and known by its digest.

digits      MNIST, and the digits that scikit-learn carries
corpora     parallel texts: phrases in eight languages, and Multi30k
phrasebook  a translator by templates and a dictionary, for a network to beat
"""

__all__ = ["corpora", "digits", "phrasebook"]
