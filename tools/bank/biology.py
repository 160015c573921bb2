"""Animals, amino acids and codons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rows import Row, Shelf, best_known, pip
from wordnet import LICENCE, SOURCE, Synset, WordNet

GROUPS = {
    "rodent": "a rodent", "primate": "a primate", "bat": "a bat", "cetacean": "a cetacean",
    "marsupial": "a marsupial", "even-toed ungulate": "an even-toed ungulate",
    "odd-toed ungulate": "an odd-toed ungulate", "feline": "a feline", "canine": "a canine",
    "bird of prey": "a bird of prey", "parrot": "a parrot", "duck": "a duck",
    "wading bird": "a wading bird", "gallinaceous bird": "a gallinaceous bird",
    "passerine": "a passerine", "seabird": "a seabird", "woodpecker": "a woodpecker",
    "snake": "a snake", "lizard": "a lizard", "turtle": "a turtle", "frog": "a frog",
    "salamander": "a salamander", "shark": "a shark", "spiny-finned fish": "a spiny-finned fish",
    "ray": "a ray", "butterfly": "a butterfly", "moth": "a moth", "beetle": "a beetle",
    "spider": "a spider", "crustacean": "a crustacean", "gastropod": "a gastropod",
    "bivalve": "a bivalve", "cephalopod": "a cephalopod", "hymenopterous insect": "a hymenopteran",
    "dipterous insect": "a true fly", "orthopterous insect": "an orthopteran",
    "bug": "a true bug", "musteline mammal": "a mustelid", "bear": "a bear",
}  # fmt: skip

TAXA = {
    "rodent": ("Rodentia",), "primate": ("Primates",), "bat": ("Chiroptera",),
    "cetacean": ("Cetacea",), "marsupial": ("Marsupialia",), "feline": ("Felidae",),
    "even-toed ungulate": ("Artiodactyla",), "odd-toed ungulate": ("Perissodactyla",),
    "canine": ("Canidae",), "bird of prey": ("Falconiformes", "Raptores", "Strigiformes"),
    "parrot": ("Psittaciformes",), "duck": ("Anatidae",), "gallinaceous bird": ("Galliformes",),
    "passerine": ("Passeriformes",), "woodpecker": ("Picidae",), "snake": ("Serpentes",),
    "lizard": ("Sauria", "Lacertilia"), "turtle": ("Chelonia", "Testudines"),
    "frog": ("Anura", "Salientia"), "salamander": ("Urodella", "Caudata"),
    "shark": ("Selachii", "Elasmobranchii"), "butterfly": ("Lepidoptera",),
    "moth": ("Lepidoptera",), "beetle": ("Coleoptera",), "spider": ("Araneae", "Araneida"),
    "crustacean": ("Crustacea",), "gastropod": ("Gastropoda",), "bivalve": ("Bivalvia",),
    "cephalopod": ("Cephalopoda",), "hymenopterous insect": ("Hymenoptera",),
    "dipterous insect": ("Diptera",), "orthopterous insect": ("Orthoptera",),
    "musteline mammal": ("Mustelidae",), "bear": ("Ursidae",),
}  # fmt: skip
WN_TAXA = "WordNet taxonomy"  # kind and genus-to-order pointers agree: an inner check only


def rows(shelf: Shelf) -> list[Row]:
    """All biology rows."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    return [*best_known(list(animals(shelf, wn)), 220), *amino_acids(), *codons()]


def _common(synset: Synset) -> str | None:
    words = [w for w in synset.words if w.islower()]
    return words[0] if words else None


def animals(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """Group of an animal: WordNet's hypernyms."""
    tops = {
        s.offset: s.name
        for s in wn.by_offset.values()
        if s.name in GROUPS and ("animal" in {wn.by_offset[o].name for o in wn.above(s)})
    }
    for synset in wn.by_offset.values():
        name = _common(synset)
        latin = [w for w in synset.words if re.fullmatch(r"[A-Z][a-z]+ [a-z]+", w)]
        above = {tops[o] for o in wn.above(synset) if o in tops}
        if name and latin and len(above) == 1:
            top = above.pop()
            senses = [s for s in wn.by_word[name] if s is not synset]
            if any("animal" in {wn.by_offset[o].name for o in wn.above(s)} for s in senses) or (
                " " not in name and len(senses) > 2
            ):
                continue  # the word names another animal or thing as well
            if GROUPS[top].split(" ")[-1] in name or top not in TAXA:
                continue
            if not set(TAXA[top]) & _taxa(wn, synset):
                shelf.dropped["animal: taxonomy and kind disagree"] += 1
                continue
            yield Row(name, "animal_group", GROUPS[top], "", SOURCE, LICENCE, WN_TAXA)


def _taxa(wn: WordNet, synset: Synset) -> set[str]:
    """Names of the genus, family, order ... that WordNet's member pointers lead to."""
    seen: set[str] = set()
    open_ = synset.to("#m")
    while open_:
        taxon = wn.by_offset[open_.pop()]
        if taxon.name not in seen:
            seen |= {word.removeprefix("order ").removeprefix("family ") for word in taxon.words}
            open_ += taxon.to("#m")
    return seen


def amino_acids() -> Iterator[Row]:
    """One-letter codes of the amino acids: Biopython, checked by periodictable."""
    from Bio.SeqUtils import IUPACData
    from periodictable import fasta

    names = {
        "Ala": "alanine",
        "Cys": "cysteine",
        "Asp": "aspartic acid",
        "Glu": "glutamic acid",
        "Phe": "phenylalanine",
        "Gly": "glycine",
        "His": "histidine",
        "Ile": "isoleucine",
        "Lys": "lysine",
        "Leu": "leucine",
        "Met": "methionine",
        "Asn": "asparagine",
        "Pro": "proline",
        "Gln": "glutamine",
        "Arg": "arginine",
        "Ser": "serine",
        "Thr": "threonine",
        "Val": "valine",
        "Trp": "tryptophan",
        "Tyr": "tyrosine",
    }
    for three, one in IUPACData.protein_letters_3to1.items():
        if fasta.AMINO_ACID_CODES[one].name == names[three]:
            yield Row(
                names[three],
                "amino_acid_letter",
                one,
                "",
                pip("biopython"),
                "Biopython",
                pip("periodictable"),
            )


def codons() -> Iterator[Row]:
    """Amino acid of a codon in the standard genetic code."""
    from Bio.Data import CodonTable
    from python_codon_tables import get_codons_table

    full = {
        "A": "alanine",
        "C": "cysteine",
        "D": "aspartic acid",
        "E": "glutamic acid",
        "F": "phenylalanine",
        "G": "glycine",
        "H": "histidine",
        "I": "isoleucine",
        "K": "lysine",
        "L": "leucine",
        "M": "methionine",
        "N": "asparagine",
        "P": "proline",
        "Q": "glutamine",
        "R": "arginine",
        "S": "serine",
        "T": "threonine",
        "V": "valine",
        "W": "tryptophan",
        "Y": "tyrosine",
    }
    second = get_codons_table("h_sapiens_9606")
    table = CodonTable.unambiguous_rna_by_name["Standard"].forward_table
    for codon, one in table.items():
        if codon.replace("U", "T") in second[one]:
            yield Row(
                codon,
                "codon_amino_acid",
                full[one],
                codon[0],
                pip("biopython"),
                "Biopython",
                pip("python-codon-tables"),
            )
