"""Nouns that questions ask for, and what kind of answer each of them asks for.

In: nothing. Out: one table from a folded singular noun to a `Wanted`. Written by hand; the nouns
are those that stand behind "which", "what" and "this" in trivia, school and maths questions.
"""

from __future__ import annotations

from enum import StrEnum


class Wanted(StrEnum):
    """What a noun asks for."""

    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    WORK = "work"
    YEAR = "year"
    DATE = "date"
    NUMBER = "number"
    """A count or a measure: "how many", "age", "temperature"."""
    MONEY = "money"
    THING = "thing"
    """A known noun that asks for none of these: "colour", "animal", "word"."""


_PERSONS = """
person man woman boy girl guy lady gentleman child kid baby people human individual figure
celebrity star superstar actor actress comedian comedienne comic entertainer performer artist
painter sculptor photographer architect designer illustrator cartoonist animator singer vocalist
songwriter composer musician guitarist drummer bassist pianist violinist keyboardist saxophonist
trumpeter rapper dj frontman frontwoman conductor soprano tenor diva crooner lyricist
instrumentalist soloist idol dancer choreographer ballerina director filmmaker producer
screenwriter playwright dramatist writer author novelist poet poetess essayist journalist
reporter anchor newscaster broadcaster columnist editor publisher biographer philosopher thinker
historian scholar professor teacher principal student scientist physicist chemist biologist
mathematician astronomer geologist botanist zoologist naturalist economist psychologist
psychiatrist psychoanalyst anthropologist archaeologist engineer inventor explorer discoverer
navigator seafarer sailor voyager astronaut cosmonaut aviator pilot mountaineer doctor physician
surgeon nurse dentist veterinarian lawyer attorney prosecutor judge justice president
vice-president premier chancellor minister secretary senator congressman congresswoman governor
mayor politician statesman diplomat ambassador leader ruler monarch king queen prince princess
emperor empress tsar czar sultan pharaoh caliph dictator tyrant duke duchess earl count countess
baron lord heir regent consort dauphin shah kaiser khan chief chieftain general admiral
commander colonel captain lieutenant sergeant major marshal soldier officer warrior spy agent
detective sheriff policeman cop inspector outlaw gangster mobster criminal murderer killer
assassin thief robber pirate bandit terrorist hacker activist reformer revolutionary rebel
abolitionist feminist suffragist suffragette philanthropist humanitarian missionary evangelist
preacher pastor priest bishop archbishop cardinal pope saint nun monk rabbi prophet apostle
disciple theologian martyr patriarch messiah athlete player footballer quarterback pitcher
catcher batter hitter slugger shortstop linebacker goalkeeper goalie striker midfielder defender
batsman bowler cricketer golfer boxer wrestler swimmer diver runner sprinter jumper skater skier
snowboarder surfer gymnast cyclist driver racer jockey rider tennis-player coach manager trainer
referee umpire champion winner loser medalist medallist contestant finalist runner-up opponent
rival partner teammate rookie mvp owner founder co-founder chairman ceo boss entrepreneur
businessman businesswoman tycoon magnate industrialist banker billionaire millionaire executive
employee assistant butler maid servant chef cook farmer cowboy gunslinger gunfighter lawman
model supermodel socialite hostess host co-host presenter emcee commentator announcer narrator
magician illusionist clown stuntman father mother dad mom mum parent son daughter brother sister
sibling twin uncle aunt nephew niece cousin grandfather grandmother grandson granddaughter
husband wife spouse boyfriend girlfriend fiance fiancee lover ex-wife ex-husband widow friend
enemy nemesis companion colleague neighbor neighbour roommate classmate mentor pupil protege
successor predecessor ancestor descendant relative character villain hero heroine protagonist
antagonist superhero superheroine sidekick archenemy wizard witch sorcerer god goddess deity
titan demigod giant angel archangel demon nymph muse mortal vampire cast-member nobleman noble
knight peasant slave victim survivor witness suspect hostage prisoner inmate nominee candidate
legislator representative speaker first-lady democrat republican jedi hobbit elf bachelor member
bandmate housemate houseguest castaway treasurer babysitter juror famer laureate baseman
graduate pioneer legend icon frontiersman trombonist organist harpist
"""
_PLACES = """
place location country nation state city town village capital county province region territory
district borough neighborhood neighbourhood suburb area zone land republic kingdom empire colony
dependency commonwealth island isle archipelago continent peninsula cape coast beach bay gulf
sea ocean strait channel canal river stream creek lake lagoon waterfall falls mountain mount
peak volcano hill range valley canyon gorge desert plain plateau forest jungle swamp glacier
cave reef park garden zoo street avenue road highway square bridge tunnel dam building
skyscraper tower castle palace fort fortress cathedral church temple mosque shrine monastery
abbey monument landmark statue memorial museum gallery theater theatre arena stadium ballpark
venue racetrack racecourse airport station port harbor harbour hotel resort casino prison jail
cemetery hospital planet moon constellation galaxy birthplace hometown homeland destination
hemisphere metropolis municipality parish canton wonder site ruin residence mansion house
headquarters
"""
_ORGANISATIONS = """
band group duo trio quartet orchestra choir boyband girlband ensemble company corporation firm
manufacturer maker automaker carmaker brand business retailer store restaurant chain bank
airline studio label publisher network broadcaster team club franchise squad side league
conference association federation organization organisation agency institution institute
university college school academy party government army navy regiment military tribe clan family
dynasty denomination sect order cult gang mafia cartel union alliance society fraternity
sorority foundation charity ministry department committee commission council court parliament
crew act troupe
"""
_WORKS = """
film movie flick picture documentary cartoon anime sequel prequel thriller comedy drama
blockbuster western musical opera operetta ballet play show series sitcom program programme
miniseries soap episode novel book bestseller story tale fable fairytale poem ode sonnet epic
comic manga magazine newspaper journal publication autobiography biography memoir essay album cd
lp ep single song tune track hit hymn anthem ballad carol lullaby symphony concerto sonata
overture composition suite aria requiem soundtrack painting portrait sculpture fresco mural
masterpiece artwork game videogame title trilogy saga cantata oratorio rhyme video
"""
_DATES = """
date day month birthday birthdate decade century era period season holiday weekday
"""
_NUMBERS = """
number amount quantity count total sum percentage percent proportion fraction ratio odds
probability age height weight length width depth distance speed velocity temperature volume mass
density duration size score rate value frequency wavelength radius diameter circumference
perimeter angle average mean median mode difference product quotient remainder population
altitude elevation
"""
_MONEY = """
price cost salary wage fee fine budget bail income revenue profit earnings
"""
_THINGS = """
color colour animal bird fish insect mammal reptile amphibian dinosaur breed dog cat horse
species creature monster flower plant tree fruit vegetable food dish drink beverage cocktail
beer wine cheese spice herb meat sauce dessert sandwich soup cereal candy instrument tool weapon
gun sword machine device vehicle car automobile truck motorcycle airplane aircraft plane ship
boat train spacecraft satellite rocket element metal gas mineral rock gem gemstone stone
material substance chemical compound acid vitamin drug medicine disease disorder illness
condition infection virus bacteria symptom organ bone muscle gland body-part part cell tissue
enzyme hormone protein particle language word term phrase expression idiom proverb saying quote
line slogan motto letter alphabet symbol sign shape name nickname surname pseudonym alias sport
event race tournament award prize medal trophy record religion faith belief philosophy theory
law principle theorem rule method process technique style genre movement type kind sort form
category class order genus phylum job occupation profession career position role post subject
topic field discipline science study branch reason cause effect result purpose meaning
definition statement fact answer option choice thing item object article product toy clothing
garment dress hat shoe fabric currency unit measure measurement coin bill stamp flag emblem
mascot logo war battle revolution treaty crisis disaster festival ceremony dance music key note
chord sound pokemon zodiac superpower power ability skill talent feature characteristic trait
quality property attribute phobia fear crime charge punishment sentence penalty gift present
hobby activity action gesture habit injury accident surgery flavor flavour ingredient spell
potion magic section chapter verse psalm commandment gospel gene system website software browser
file extension code computer console nationality ethnicity relationship relation ending lyric
fate decision plan theme message mistake secret treasure jewel direction time hour minute
weather wind storm hurricane cloud phenomenon
"""
_YEARS = "year"


def _table() -> dict[str, Wanted]:
    table: dict[str, Wanted] = {}
    lists = (
        (_THINGS, Wanted.THING),
        (_MONEY, Wanted.MONEY),
        (_NUMBERS, Wanted.NUMBER),
        (_DATES, Wanted.DATE),
        (_YEARS, Wanted.YEAR),
        (_ORGANISATIONS, Wanted.ORGANISATION),
        (_WORKS, Wanted.WORK),
        (_PLACES, Wanted.PLACE),
        (_PERSONS, Wanted.PERSON),
    )
    for words, wanted in lists:
        table.update(dict.fromkeys(words.split(), wanted))
    return table


NOUNS = _table()
"""Singular noun in lower case to what it asks for; where lists share one, the later list holds."""
