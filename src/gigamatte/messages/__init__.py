"""The messages of gigamatte, in English and Chinese.

The English text in the code is the key; ``zh/`` is the catalogue of its translations, with ``{}`` where values go. So
an error is raised in plain English anywhere, and its JSON stays English; the command line and the web page translate
the whole line when they show it. A text that the catalogue lacks is shown in English; a test checks that it lacks none.
"""

from gigamatte.messages.translate import language, page_strings, translate

__all__ = ["language", "page_strings", "translate"]
