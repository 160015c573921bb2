"""Names that stand for the same thing and that no rule of spelling brings together.

In: nothing. Out: tables over folded names (`fold.split_words`, joined by spaces). Where a name is
only sometimes another's alias ("America") it stands here all the same: in doubt, it is the same.
Written by hand from general knowledge; what the embedded bank states is read from it (`gazetteer`).
"""

from __future__ import annotations

from underdog.data.answers.wordlist import word_set

_GROUPS = """
united states | united states of america | america | states | us
united kingdom | great britain | britain | england | united kingdom of great britain
soviet union | russia | union of soviet socialist republics | russian federation
netherlands | holland
myanmar | burma
iran | persia
czech republic | czechia | czechoslovakia
ivory coast | cote divoire
thailand | siam
sri lanka | ceylon
beijing | peking
mumbai | bombay
kolkata | calcutta
chennai | madras
istanbul | constantinople | byzantium
ho chi minh city | saigon
saint petersburg | leningrad | petrograd
eswatini | swaziland
democratic republic of congo | zaire | congo
zimbabwe | rhodesia
burkina faso | upper volta
benin | dahomey
cambodia | kampuchea
ethiopia | abyssinia
iraq | mesopotamia
taiwan | formosa
tokyo | edo
oslo | christiania
cape verde | cabo verde
east timor | timor leste
macedonia | north macedonia
turkey | turkiye
bosnia | bosnia and herzegovina
trinidad | trinidad and tobago
new york city | new york | big apple | nyc
los angeles | la
washington | washington dc | district of columbia | dc
las vegas | vegas
rio de janeiro | rio
uae | united arab emirates | emirates
south korea | republic of korea
north korea | democratic peoples republic of korea
china | peoples republic of china | prc
germany | west germany | east germany
vatican | vatican city | holy see
everest | mount everest | chomolungma | sagarmatha
denali | mount mckinley | mckinley
uluru | ayers rock
world war 1 | first world war | 1st world war | great war
world war 2 | second world war | 2nd world war
mona lisa | la gioconda | la joconde
television | tv | tv set | television set | telly
automobile | car | motor car | motorcar
bicycle | bike | pushbike
motorcycle | motorbike
airplane | aeroplane | plane | aircraft
refrigerator | fridge
telephone | phone
photograph | photo
soccer | football | association football
table tennis | ping pong
movie | film | motion picture
hippopotamus | hippo
rhinoceros | rhino
chimpanzee | chimp
cougar | puma | mountain lion | panther | catamount
eggplant | aubergine
zucchini | courgette
cilantro | coriander
arugula | rocket
chickpea | garbanzo | garbanzo bean | chickpeas | garbanzos
peanut | groundnut
gasoline | petrol | gas
elevator | lift
cookie | biscuit
trousers | pants
diaper | nappy
flashlight | torch
truck | lorry
influenza | flu
tuberculosis | tb | consumption
rubella | german measles
varicella | chicken pox | chickenpox
pertussis | whooping cough
tetanus | lockjaw
hypertension | high blood pressure
clavicle | collarbone | collar bone
sternum | breastbone
patella | kneecap | knee cap
scapula | shoulder blade
femur | thighbone | thigh bone
tibia | shinbone | shin bone
mandible | jawbone | lower jaw | jaw bone
trachea | windpipe | wind pipe
esophagus | oesophagus | gullet
hydrogen peroxide | h2o2
salt | table salt | sodium chloride | nacl
baking soda | sodium bicarbonate | bicarbonate of soda
vitamin c | ascorbic acid
aspirin | acetylsalicylic acid
acetaminophen | paracetamol | tylenol
deoxyribonucleic acid | dna
ribonucleic acid | rna
mercury | quicksilver
polaris | north star | pole star
big dipper | plough | plow
northern lights | aurora borealis
0 | none | nil | nothing | zero
1 | once | one time | 1 time
2 | twice | 2 times | pair | couple | a couple
3 | thrice | 3 times
nobody | no one | noone | none
jesus | jesus christ | christ
virgin mary | mary | blessed virgin mary
muhammad ali | cassius clay
mother teresa | saint teresa of calcutta
mark twain | samuel clemens | samuel langhorne clemens
lewis carroll | charles dodgson | charles lutwidge dodgson
george orwell | eric blair | eric arthur blair
mahatma gandhi | mohandas gandhi | mohandas karamchand gandhi
che guevara | ernesto guevara
pope john paul 2 | karol wojtyla
prince | artist formerly known as prince | prince rogers nelson
p diddy | puff daddy | sean combs | diddy | puffy | sean puffy combs
jay z | shawn carter
eminem | marshall mathers | slim shady
snoop dogg | snoop doggy dogg | snoop | calvin broadus
jennifer lopez | j lo | jlo
dwayne johnson | rock
madonna | madonna ciccone
cher | cherilyn sarkisian
elvis | elvis presley | king of rock and roll
darth vader | anakin skywalker | anakin
superman | clark kent | man of steel
batman | bruce wayne | dark knight
spiderman | peter parker | spider man
lord voldemort | tom riddle | voldemort | tom marvolo riddle
santa claus | father christmas | saint nicholas | saint nick | santa
bible | holy bible
koran | quran | qur an
torah | pentateuch
hanukkah | chanukah
judaism | jewish
christianity | christian
islam | muslim
hinduism | hindu
buddhism | buddhist
united nations | un
european union | eu
cia | central intelligence agency
fbi | federal bureau of investigation
nasa | national aeronautics and space administration
nba | national basketball association
nfl | national football league
nhl | national hockey league
mlb | major league baseball
bbc | british broadcasting corporation
jfk | john f kennedy | john fitzgerald kennedy | john kennedy | jack kennedy
fdr | franklin d roosevelt | franklin delano roosevelt | franklin roosevelt
lbj | lyndon b johnson | lyndon baines johnson | lyndon johnson
mlk | martin luther king | martin luther king junior | doctor king
democrat | democratic | democratic party | democrats
republican | gop | republican party | republicans
"""


def _read_groups(text: str) -> dict[str, str]:
    """Every name of a line to the first name of it; a name may stand in one line only, or two that
    then fall together.
    """
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        first, *others = (name.strip() for name in line.split("|"))
        for name in (first, *others):
            table.setdefault(name, first)
    return table


ALIASES = _read_groups(_GROUPS)
"""Folded name to the first name of its group."""

_NICKNAMES = """
william bill billy will willie willy liam
robert bob bobby rob robbie bert
richard dick rick ricky rich richie
james jim jimmy jamie jimmie
john jack johnny johnnie jon johny
joseph joe joey jo
charles charlie chuck charley chas
edward ed eddie ted teddy ned eddy
thomas tom tommy
michael mike mick mickey micheal
daniel dan danny
david dave davy
steven stephen steve stevie
anthony tony
andrew andy drew
benjamin ben benny
samuel sam sammy
alexander alex al
albert bert al
alfred fred alf
frederick fred freddy freddie
kenneth ken kenny
ronald ron ronnie
donald don donny donnie
gerald jerry gerry
jerome jerry
lawrence larry laurence
matthew matt
nicholas nick nicky nicolas
patrick pat paddy
peter pete
philip phil phillip
gregory greg gregg
jeffrey jeff geoffrey geoff
theodore ted teddy theo
francis frank
raymond ray
walter walt
harold harry hal
henry harry hank
leonard len lenny leo
abraham abe
elizabeth liz beth betty lizzie eliza elisabeth betsy lisbeth
margaret maggie meg peggy marge
katherine kate kathy katie catherine cathy kathryn kat katharine
susan sue susie suzy
patricia pat patty tricia
jennifer jen jenny
deborah debbie deb debra
barbara barb barbie
rebecca becky
christopher chris
christine chris christina tina
victoria vicky vicki
pamela pam
jacqueline jackie jacquelyn
dorothy dot dotty
ann anne anna annie
jane janie
mary molly polly
"""


def _read_nicknames(text: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        first, *others = line.split()
        for name in others:
            table.setdefault(name, first)
    return table


NICKNAMES = _read_nicknames(_NICKNAMES)
"""Short form of a given name to its full form; compared only where the family name is equal."""

TITLES = word_set("""
    president sir doctor mister missus miss ms senator governor professor emperor empress king queen
    pope prince princess captain general colonel lord lady dame saint major sergeant duke lieutenant
    admiral commander detective agent officer aunt uncle father mother sister brother coach judge
    reverend count countess baron earl duchess chief inspector private corporal
""")
"""First words of a name that say what a person is: "President Lincoln" is also "Lincoln"."""

REGNAL = word_set("""
    elizabeth henry george edward richard charles william james louis philip john paul mary
    catherine peter nicholas alexander frederick francis napoleon ramses pius benedict gregory
    clement leo ivan robert david harald olaf charles kaiser wilhelm isabella victor leopold edgar
    ferdinand alfonso carlos juan christian gustav
""")
"""Names that rulers and popes count: "Elizabeth II" may be called "Elizabeth"."""

NAMED_APART = frozenset(
    [
        "new york",
        "new jersey",
        "new mexico",
        "new hampshire",
        "new zealand",
        "new england",
        "new guinea",
        "new orleans",
        "west virginia",
        "south sudan",
        "equatorial guinea",
        "papua new guinea",
        "guinea bissau",
        "british columbia",
        "rhode island",
        "el salvador",
        "west indies",
        "dominican republic",
        "new castle",
        "new world",
        "old world",
        "new testament",
        "old testament",
        "mars bars",
    ]
)
"""Names whose parts are names of something else: no part of them is taken for the whole."""

NEGATIONS = word_set("""
    not no never without non nor neither nobody none except cannot isnt arent wasnt dont doesnt
    didnt wont cant anti un former ex vice half quarter third double triple step great grand off
    semi pre post non sub over under
""")
"""Words that a shorter answer may not leave out and still be the same."""
