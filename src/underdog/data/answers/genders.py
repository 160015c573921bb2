"""Whether a name or a noun speaks of a woman or of a man, as far as words tell.

In: a name, or a noun that a question asks for. Out: 1 for women, -1 for men, 0 where nothing tells.
Written by hand over the given names that are known here; names of both are left out. A name that is
missing costs a question a choice that is a little less like, nothing more.
"""

from __future__ import annotations

from underdog.data.answers.aliases import NICKNAMES
from underdog.data.answers.given import ALSO_WORDS, GIVEN_NAMES
from underdog.data.answers.nouns import NOUNS, Wanted
from underdog.data.answers.wordlist import word_set

_WOMEN = word_set("""
    adele agatha agnes alana alexandra alice alicia alison allison amanda amber amelia amy ana
    andrea angela angelina anita ann anna anne annie audrey ava avril barbara barbra beatrice
    bernice beth betty beverly beyonce bonnie brandy brenda bridget britney brittany brooke
    caitlin candice carla carly carmen carol carole caroline carrie cate cecilia celine charlene
    charlize charlotte chelsea cher cheryl christina cindy claire clara claudia connie cristina
    crystal cynthia daisy daphne dawn debbie deborah demi denise diana diane dolly dolores donna
    doris dorothy edith edna eileen elaine eleanor elena elisabeth elizabeth ella ellen elsa emily
    emma erica erika erin esther ethel eva evelyn faith fanny farrah felicia fiona florence
    frances francesca freida gail georgia geraldine gina gladys gloria goldie grace greta gwen
    gwyneth halle hannah hazel heather heidi helen helena hilary hillary holly ida ingrid irene
    iris isabel isabella ivy jacqueline jada jade jane janet janice janis jasmine jean jeanne
    jennifer jenny jessica jill joan joanna joanne jodie josephine joyce juanita judith judy jules
    julia julianne julie juliet june karen karin kate katharine katherine kathleen kathryn kathy
    katie katrina keira kelsey kimberly kirsten kirstie kristen kristin laura lauren laurie lea
    leah lena lillian lily linda lindsay lindsey lisa liv liza lois lola loretta lori lorraine
    louise lucille lucy mabel madeleine madonna mae maggie marcia margaret margot maria mariah
    marian marie marilyn marisa marjorie marlene marsha martha mary maureen maxine megan melanie
    melinda melissa meredith meryl mia michelle mila mildred miley mindy minnie miranda miriam
    molly monica monique muriel myra nadia nancy naomi natalie natasha nellie nicole nina nora
    norah norma olga olivia oprah paige pamela patricia patsy paula pauline pearl peggy penelope
    penny phoebe phyllis rachel raquel rebecca regina rhonda rita roberta rosa rosalind rose
    rosemary rosie ruby ruth sabrina sally salma samantha sandra sara sarah scarlett selena serena
    shania sharon sheila shelley sheryl shirley sigourney sofia sonia sophia sophie stella
    stephanie susan susanna susannah suzanne sybil sylvia tamara tammy tanya tara tatiana teresa
    teri thelma theresa tiffany tina toni tyra uma ursula valerie vanessa vera veronica vicki
    victoria viola violet virginia vivian vivien wanda wendy whitney whoopi wilma winona yoko
    yolanda yvonne zoe zsa
""")
_BOTH = word_set("""
    alexis angel april ariel art ashley ashton august austin bill blake bob buddy chase chris
    chuck clay cliff courtney dana dick drew earl emmy florence forest frankie gene ginger grant
    guy heath hope hunter jack jackie jackson jade jamie jan jay jesse jessie jordan jules june
    kay kelly kelsey kim lance leslie lou lynn mark may mel mercury michal morgan nikita noel
    olive paris pat randy ray reese rene renee rich robin rod ronnie sam sandy shane shannon shawn
    sidney skip sonny stevie sue sunny sydney taylor terri terry tracey tracy tyler val vic victor
    will
""")
_OTHER_WOMEN = word_set("miss mrs ms lady queen princess empress duchess dame sister countess")
_OTHER_MEN = word_set("mr sir king prince lord emperor pope father uncle duke baron count")
_ALL_WOMEN = _WOMEN | {
    name
    for short, whole in NICKNAMES.items()
    if whole in _WOMEN or short in _WOMEN
    for name in (short, whole)
}
WOMEN_NAMES = (_ALL_WOMEN - _BOTH) | _OTHER_WOMEN
MEN_NAMES = (GIVEN_NAMES - ALSO_WORDS - _ALL_WOMEN - _BOTH) | _OTHER_MEN
_WOMEN_NOUNS = word_set("""
    actress aunt ballerina bride businesswoman congresswoman daughter diva duchess empress ex-wife
    fiancee first-lady frontwoman girl girlfriend goddess granddaughter grandmother heroine
    hostess lady maid mom mother mum muse niece nun nurse nymph poetess princess queen sister
    sorceress stepmother suffragette suffragist superheroine tsarina widow wife witch woman
""")
_MEN_NOUNS = word_set("""
    actor baron baseman batsman bishop boy boyfriend brother businessman butler cowboy czar dad
    dauphin duke emperor ex-husband father fiance footballer frontman gentleman grandfather
    grandson groom guy husband kaiser king lawman linebacker lord man monk nephew pharaoh pitcher
    policeman pope priest prince quarterback shah shortstop son stepfather sultan tenor tsar uncle
    wizard
""")
assert all(NOUNS.get(word, Wanted.PERSON) is Wanted.PERSON for word in _WOMEN_NOUNS | _MEN_NOUNS)


def gender_of_name(text: str) -> int:
    """By the first word of a person's name."""
    first = text.partition(" ")[0].strip(".,'\"").lower()
    return (first in WOMEN_NAMES) - (first in MEN_NAMES)


def gender_of_noun(focus: str) -> int:
    """By the noun that a question asks for."""
    return (focus in _WOMEN_NOUNS) - (focus in _MEN_NOUNS)
