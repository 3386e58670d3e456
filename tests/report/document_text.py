"""The words of a document, for tests that look for them."""

from harness.report.document.blocks import Bullets, Chart, Code, Heading, Pairs, Paragraph, Table


def words(document):
    """Yield every Words of a document with the anchor or title of its section."""
    for line in (*document.cover.broken, *document.cover.warnings):
        yield from line
    for _, line in document.cover.rows:
        yield from line
    for section in document.sections:
        for block in section.blocks:
            yield from of_block(block)


def of_block(block):
    if isinstance(block, Paragraph | Heading):
        yield from block.words
    elif isinstance(block, Bullets):
        for line in block.items:
            yield from line
    elif isinstance(block, Pairs):
        for _, line in block.rows:
            yield from line
    elif isinstance(block, Table):
        for row in block.rows:
            for cell in row.cells:
                for line in cell:
                    yield from line
    else:
        assert isinstance(block, Code | Chart)


def text_of(document, section=None):
    """Return all that a document or one section of it says, a block a line."""
    parts = [] if section else [document.cover.title, document.cover.verdict_words, document.cover.sentence]
    if section is None:
        parts += [f"{name}: {said(line)}" for name, line in document.cover.rows]
        parts += [said(line) for line in (*document.cover.broken, *document.cover.warnings)]
    for each in document.sections:
        if section not in (None, each.anchor):
            continue
        parts.append(f"{each.number} {each.title}")
        for block in each.blocks:
            if isinstance(block, Pairs):
                parts += [f"{name}: {said(line)}" for name, line in block.rows]
            elif isinstance(block, Code):
                parts += [block.title, *block.lines]
            elif isinstance(block, Table):
                parts.append(" | ".join(column.title for column in block.columns))
                parts += [" | ".join(" / ".join(map(said, cell)) for cell in row.cells) for row in block.rows]
            elif isinstance(block, Bullets):
                parts += map(said, block.items)
            elif not isinstance(block, Chart):
                parts.append(said(block.words))
    return "\n".join(parts)


def said(line):
    return "".join(each.text for each in line)
