"""How citizens answer the questions of a callback: wordings by topic, as data.

Patterns run over text in which the recogniser's homophones and dialect words have been
brought to the standard ones (`scoring.heard`). Within a topic the cues are tried in
order, and the words one has matched are no longer there for the next: 不满意 is gone
before 满意 is looked for.
"""
