"""The root of Contento's exceptions."""


class ContentoError(Exception):
    """Something an operator or a caller can mend.

    Every message says what is wrong and ends with what to do.
    """
