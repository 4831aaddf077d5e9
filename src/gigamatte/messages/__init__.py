"""What gigamatte says, in English and Chinese.

The English text in the code is the key; ``zh.py`` is the catalogue of its translations, with ``{}`` where values go. So
an error is raised in plain English anywhere, its JSON stays English, and the border to the person translates the
finished line. A text that the catalogue lacks is shown in English; a test keeps it from lacking any.
"""

from gigamatte.messages.translate import language, page_strings, translate

__all__ = ["language", "page_strings", "translate"]
